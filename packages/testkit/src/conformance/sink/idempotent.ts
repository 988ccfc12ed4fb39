import { mustEqual } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './sink-conformance.js';
import type { SinkUnderTest } from './sink-fixture.js';
import { held, SinkWriter } from './sink-writer.js';

/** What an idempotent sink promises: writing again, or writing what is older, changes nothing. */
export function idempotentPromises<T>(check: Check<T>, subject: SinkUnderTest<T>): ConformanceTest[] {
  const { delivery } = subject.features;
  const unless = delivery === 'idempotent' ? false : `its delivery is ${delivery}`;

  return [
    check('writing the same events again changes nothing', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const events = writer.events(samples(12));
      await writer.write(events);
      await writer.write(events, [], 1);
      mustEqual(held(subject, await fixture.read()), held(subject, samples(12)), 'the destination after a repetition');
    }),

    check('an older version changes nothing', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const [older, newer] = [writer.events(samples(5)), writer.events(samples(5, 5))];
      await writer.write([...older, ...newer]);
      await writer.write(older, [], 1);
      mustEqual(held(subject, await fixture.read()), held(subject, samples(10)), 'the destination after old versions');
    }),

    check('a deleted key does not come back by an older version', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const made = writer.events([{ key: 'k', value: 'a' }]);
      await writer.write([...made, ...writer.events([{ key: 'k', value: null }])]);
      await writer.write(made, [], 1);
      const expected = [
        { key: 'k', value: 'a' },
        { key: 'k', value: null },
      ];
      mustEqual(held(subject, await fixture.read()), held(subject, expected), 'the destination after a late write');
    }),
  ];
}
