import { isBatchError } from '@sluice/contracts';
import { trackResources } from '../../leak/track-resources.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import { type Sample, samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './sink-conformance.js';
import type { SinkUnderTest } from './sink-fixture.js';
import { held, SinkWriter } from './sink-writer.js';

/** What every sink promises. */
export function writePromises<T>(check: Check<T>, subject: SinkUnderTest<T>): ConformanceTest[] {
  const unpoisonable = subject.poisonable ? false : 'nothing that it is given can be refused';
  const isAtomic = subject.features.delivery === 'atomic';
  const many = Math.min(subject.features.maxEvents ?? 5_000, 20_000);

  return [
    check('declares the features it was enrolled with', false, async (fixture) => {
      mustEqual(fixture.sink().features.delivery, subject.features.delivery, 'features.delivery');
    }),

    check('a write resolves when its events are there', false, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      await writer.write(writer.events(samples(7)));
      mustEqual(held(subject, await fixture.read()), held(subject, samples(7)), 'the destination after a write');
      await writer.write([]);
      mustEqual(
        held(subject, await fixture.read()),
        held(subject, samples(7)),
        'the destination after a write of none',
      );
    }),

    check('keeps the order within a key, in one write and from write to write', false, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      for (const from of [0, 30, 60]) await writer.write(writer.events(samples(30, from)));
      mustEqual(held(subject, await fixture.read()), held(subject, samples(90)), 'the last or every value of each key');
    }),

    check('deletes and makes again what is deleted and made again', false, async (fixture) => {
      const changes: Sample[] = [
        { key: 'gone', value: 'a' },
        { key: 'back', value: 'a' },
        { key: 'gone', value: null },
        { key: 'back', value: null },
        { key: 'back', value: 'b' },
        { key: 'never', value: null },
      ];
      await using writer = await SinkWriter.open(fixture);
      await writer.write(writer.events(changes));
      mustEqual(held(subject, await fixture.read()), held(subject, changes), 'the destination after deletions');
      const later: Sample[] = [{ key: 'back', value: null }];
      await writer.write(writer.events(later));
      const all = [...changes, ...later];
      mustEqual(held(subject, await fixture.read()), held(subject, all), 'the destination after one more');
    }),

    check(`takes ${many} events in one write`, false, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      await writer.write(writer.events(samples(many)));
      mustEqual(
        held(subject, await fixture.read()),
        held(subject, samples(many)),
        'the destination after a large write',
      );
    }),

    check('what was written is there for the next session', false, async (fixture) => {
      {
        await using writer = await SinkWriter.open(fixture);
        await writer.write(writer.events(samples(5)));
      }
      await using writer = await SinkWriter.open(fixture);
      for (let skipped = 0; skipped < 5; skipped += 1) writer.nextVersion();
      await writer.write(writer.events(samples(5, 5)));
      mustEqual(held(subject, await fixture.read()), held(subject, samples(10)), 'the destination after two sessions');
    }),

    check('what was written stays when its session is never closed, as in a crash', false, async (fixture) => {
      await using crashed = await SinkWriter.open(fixture);
      await crashed.write(crashed.events(samples(5)));
      await using writer = await SinkWriter.open(fixture);
      for (let skipped = 0; skipped < 5; skipped += 1) writer.nextVersion();
      await writer.write(writer.events(samples(5, 5)));
      mustEqual(held(subject, await fixture.read()), held(subject, samples(10)), 'the destination after a takeover');
    }),

    check('names the events that it could not write, and only those', unpoisonable, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const good: readonly Sample[] = samples(6);
      const events = writer.events(good);
      events.splice(2, 0, writer.poison('bad-1'));
      events.splice(5, 0, writer.poison('bad-2'));
      const error = await mustReject(() => writer.write(events), 'a write with bad events rejects');
      mustHold(isBatchError(error), 'with a BatchError', error.code);
      mustEqual([...error.failures.keys()].sort(), [2, 5], 'the indexes of the bad events');
      const there = isAtomic ? [] : good;
      mustEqual(held(subject, await fixture.read()), held(subject, there), 'the destination after a failed write');
    }),

    check('works on after a failed write', unpoisonable, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      await mustReject(() => writer.write([writer.poison('bad')]), 'a write of a bad event rejects');
      await writer.write(writer.events(samples(5)));
      mustEqual(held(subject, await fixture.read()), held(subject, samples(5)), 'the destination after a good write');
    }),

    check('a disposed session leaves nothing open', false, async (fixture) => {
      const life = async () => {
        await using writer = await SinkWriter.open(fixture);
        await writer.write(writer.events(samples(2)));
      };
      await life();
      using tracker = trackResources();
      await life();
      await tracker.assertNoLeaks(fixture.timeoutMs === undefined ? {} : { timeoutMs: fixture.timeoutMs });
    }),
  ];
}
