import { trackResources } from '../../leak/track-resources.js';
import { waitFor } from '../../wait/wait-for.js';
import { mustEqual } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './source-conformance.js';
import { SourceReader } from './source-reader.js';

/** How a session ends, and what it leaves behind. */
export function lifePromises<T>(check: Check<T>): ConformanceTest[] {
  return [
    check('disposing the session ends its lanes, also one that waits for events', false, async (fixture) => {
      await fixture.produce(samples(2));
      const reader = await SourceReader.open(fixture);
      await reader.untilEvents(2);
      reader.askOnce();
      await reader.session[Symbol.asyncDispose]();
      await waitFor(() => [...reader.lanes.values()].every(({ pending }) => pending === undefined), {
        what: 'the frames of a disposed session to end',
        timeoutMs: fixture.timeoutMs ?? 10_000,
      });
      const announced = await Promise.race([
        reader.announcing.then(() => 'ended'),
        new Promise((resolve) => setTimeout(resolve, 5_000, 'open')),
      ]);
      mustEqual(announced, 'ended', 'the lanes of a disposed session');
      mustEqual(reader.failure, undefined, 'frames and lanes end without an error');
    }),

    check('a session may be disposed twice', false, async (fixture) => {
      const reader = await SourceReader.open(fixture);
      await reader.session[Symbol.asyncDispose]();
      await reader.session[Symbol.asyncDispose]();
    }),

    check('a disposed session leaves nothing open', false, async (fixture) => {
      const life = async () => {
        await using reader = await SourceReader.open(fixture);
        await fixture.produce(samples(3));
        await reader.untilEvents(3);
      };
      await life();
      using tracker = trackResources();
      await life();
      await tracker.assertNoLeaks(fixture.timeoutMs === undefined ? {} : { timeoutMs: fixture.timeoutMs });
    }),
  ];
}
