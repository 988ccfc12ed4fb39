import { isComponentError, type Revocation } from '@sluice/contracts';
import { waitFor } from '../../wait/wait-for.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './source-conformance.js';
import type { SourceUnderTest } from './source-fixture.js';
import { SourceReader } from './source-reader.js';

/** What happens when a lane is taken away, or its origin fails. */
export function losePromises<T>(check: Check<T>, subject: SourceUnderTest<T>): ConformanceTest[] {
  const unrevoked = subject.revocable ? false : 'its fixture does not take lanes away';
  const unbroken = subject.breakable ? false : 'its fixture does not make the origin fail';

  return [
    check(
      'a lane that is taken away says so while nobody reads, and ends; the next owner goes on',
      unrevoked,
      async (fixture) => {
        await fixture.produce(samples(4));
        await using reader = await SourceReader.open(fixture);
        await reader.untilEvents(4);
        const told = new Map<string, Revocation>();
        for (const { reader: lane } of reader.lanes.values()) {
          void lane.revoked.then((revocation) => told.set(lane.lane, revocation));
        }
        await fixture.revoke?.();
        const { timeoutMs = 10_000 } = fixture;
        await waitFor(() => told.size === reader.lanes.size, {
          what: 'every lane to say that it is taken away',
          timeoutMs,
        });
        for (const { deadline } of told.values()) mustHold(Number.isFinite(deadline), 'a deadline', deadline);
        if (subject.features.ack === 'cumulative') await reader.confirm();
        for (const { frame } of reader.batches) for (const token of frame.tokens ?? []) await token.ack();
        for (const revocation of told.values()) revocation.done();
        await fixture.produce(samples(3, 4));
        const former = [...reader.lanes.values()];
        await using next = await SourceReader.open(fixture, { checkpoints: reader.checkpoints });
        await next.untilEvents(3);
        mustEqual(
          next.values.sort(),
          samples(3, 4).map(({ value }) => value),
          'the events of the next owner',
        );
        reader.askOnce();
        await waitFor(() => former.every(({ ended }) => ended), {
          what: 'the lanes of the former owner to end',
          timeoutMs,
        });
        mustEqual(reader.values.length, 4, 'events of the former owner');
        for (const { reader: lane } of former) {
          const again = next.lanes.get(lane.lane)?.reader.generation;
          mustHold(again === undefined || again > lane.generation, 'a generation above the former one', again);
        }
        for (const { frame } of next.batches) for (const token of frame.tokens ?? []) await token.ack();
      },
    ),

    check('an origin that fails is an error, and not an end', unbroken, async (fixture) => {
      await fixture.produce(samples(2));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(2);
      reader.askOnce();
      await fixture.fail?.();
      const { timeoutMs = 30_000 } = fixture;
      const ended = () => [...reader.lanes.values()].some((lane) => lane.ended);
      await waitFor(() => reader.failure !== undefined || ended(), { what: 'the reader to notice', timeoutMs });
      mustHold(isComponentError(reader.failure), 'the lane rejects, with a ComponentError', reader.failure);
    }),
  ];
}
