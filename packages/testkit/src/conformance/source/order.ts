import { comparePositions } from '@sluice/contracts';
import { mustEqual, mustHold } from '../promise-broken.js';
import { byKey, samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './source-conformance.js';
import type { SourceUnderTest } from './source-fixture.js';
import { SourceReader } from './source-reader.js';

/** What is read, in which order, in batches of which size. */
export function orderPromises<T>(check: Check<T>, subject: SourceUnderTest<T>): ConformanceTest[] {
  const uncounted = subject.countsPulls ? false : 'its fixture does not count what is taken from the origin';
  const unordered = subject.unordered ?? false;
  const valuesIn = (made: readonly { readonly value: string }[]) => made.map(({ value }) => value);

  return [
    check('reads every event once', false, async (fixture) => {
      for (const from of [0, 20, 40]) await fixture.produce(samples(20, from));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(60);
      if (subject.features.ack === 'cumulative') await reader.settleAt(await reader.session.head());
      mustEqual(reader.values.sort(), valuesIn(samples(60)).sort(), 'the events');
    }),

    check('reads the events of a key in the order in which they were made', unordered, async (fixture) => {
      const all = samples(60);
      for (let from = 0; from < 60; from += 20) await fixture.produce(all.slice(from, from + 20));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(60);
      const keys = new Map(all.map(({ key, value }) => [value, key]));
      const read = reader.values.map((value) => ({ key: keys.get(value) ?? 'unknown', value }));
      mustEqual(byKey(read), byKey(all), 'the events of each key');
    }),

    check('reads events that are made while it waits', false, async (fixture) => {
      await using reader = await SourceReader.open(fixture);
      const waiting = reader.untilEvents(3);
      await fixture.produce(samples(3));
      await waiting;
      mustEqual(
        reader.values.sort(),
        samples(3).map(({ value }) => value),
        'the events made after opening',
      );
    }),

    check('takes nothing from the origin before it is asked', uncounted, async (fixture) => {
      await fixture.produce(samples(500));
      await using reader = await SourceReader.open(fixture, { maxBatchBytes: 2_000 });
      await reader.untilEvents(1);
      const taken = fixture.pulled?.() ?? 0;
      mustHold(taken < 400, 'one frame was asked for; most of 500 events stay where they are', taken);
    }),

    check('events of one key share it, and ids are all different', false, async (fixture) => {
      const made = samples(20);
      await fixture.produce(made);
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(20);
      const events = reader.batches.flatMap(({ frame }) => frame.events);
      mustEqual(new Set(events.map(({ id }) => id)).size, events.length, 'ids that differ');
      const keys = new Map(made.map(({ key, value }) => [value, key]));
      const pairs = new Set(events.map((event) => `${keys.get(fixture.value(event))} ${event.key}`));
      mustEqual(pairs.size, 5, 'five keys made, five keys read');
    }),

    check('versions grow with every change of a key, within one epoch', unordered, async (fixture) => {
      for (const from of [0, 10, 20]) await fixture.produce(samples(10, from));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(30);
      const last = new Map<string | undefined, bigint>();
      const epochs = new Set<string>();
      const events = reader.batches.flatMap(({ lane, frame }) => frame.events.map((event) => ({ lane, event })));
      for (const { lane, event } of events) {
        const before = last.get(event.key);
        const { epoch, value } = event.version;
        mustHold(before === undefined || value > before, 'a version above the one before it', [before, value]);
        last.set(event.key, value);
        epochs.add(`${lane} ${epoch}`);
      }
      const lanes = new Set(reader.batches.map(({ lane }) => lane));
      mustEqual(epochs.size, lanes.size, 'epochs, one for each lane');
    }),

    check('positions only grow, and no two batches end at the same', false, async (fixture) => {
      for (const from of [0, 10, 20]) await fixture.produce(samples(10, from));
      await using reader = await SourceReader.open(fixture, { maxBatchBytes: 500 });
      await reader.untilEvents(30);
      for (const positions of reader.positions.values()) {
        for (const [at, position] of positions.entries()) {
          const before = positions[at - 1];
          const grows = before === undefined || comparePositions(before, position) <= 0;
          mustHold(grows, 'a position at or after the one before it', [before, position]);
        }
      }
      const ends = reader.batches.map(
        ({ lane, frame: { position } }) => `${lane} ${position.resume} ${position.within}`,
      );
      mustEqual(new Set(ends).size, ends.length, 'positions of batches that differ');
    }),

    check('batches are not empty, know their size, and stay below maxBatchBytes', false, async (fixture) => {
      await fixture.produce(samples(40));
      const maxBatchBytes = 1_000;
      await using reader = await SourceReader.open(fixture, { maxBatchBytes });
      await reader.untilEvents(40);
      for (const { frame } of reader.batches) {
        mustHold(frame.events.length > 0, 'a batch with events');
        mustHold(frame.bytes > 0, 'a batch that takes memory', frame.bytes);
        const fits = frame.bytes <= maxBatchBytes || frame.events.length === 1;
        mustHold(fits, 'a batch below maxBatchBytes, or a single event', [frame.events.length, frame.bytes]);
        const honest = frame.bytes >= frame.events.length * 50;
        mustHold(honest, 'a size that fits events of 100 bytes', [frame.events.length, frame.bytes]);
        const commits = frame.commits ?? [];
        const valid = commits.every((index, at) => index > (commits[at - 1] ?? -1) && index < frame.events.length);
        mustHold(valid, 'commits that ascend within the batch', commits);
      }
    }),

    check('reaches the head that it named', false, async (fixture) => {
      await fixture.produce(samples(10));
      await using reader = await SourceReader.open(fixture);
      const head = await reader.session.head();
      mustHold(head.size > 0, 'a head for the lanes that there are');
      await reader.until('the head', () =>
        [...head].every(([lane, target]) => {
          const position = reader.positions.get(lane)?.at(-1) ?? reader.checkpoints.get(lane)?.position;
          return position !== undefined && comparePositions(position, target) >= 0;
        }),
      );
      mustHold(reader.values.length >= 10, 'at the head, all that was there has been read', reader.values.length);
    }),
  ];
}
