import { type Checkpoint, comparePositions, type Lane, type Position, type SourceFeatures } from '@sluice/contracts';
import { mustEqual, mustHold } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './source-conformance.js';
import { SourceReader } from './source-reader.js';

/** Where it starts again, and what is the same then. */
export function resumePromises<T>(check: Check<T>, features: SourceFeatures): ConformanceTest[] {
  const unless =
    features.ack === 'individual'
      ? 'its ack is individual'
      : features.replayable
        ? false
        : 'it is not replayable from an unconfirmed position';

  return [
    check('starts again from the position of every batch, without loss or repeat', unless, async (fixture) => {
      for (const from of [0, 10, 20]) await fixture.produce(samples(10, from));
      const first = await readAll(fixture, 30, undefined, 500);
      for (const [at, { checkpoints }] of first.batches.entries()) {
        const expected = first.batches.slice(at + 1).flatMap(({ frame }) => frame.events.map(fixture.value));
        const again = await readAll(fixture, expected.length, checkpoints, at % 2 === 0 ? 1_048_576 : 500);
        mustEqual(again.values.sort(), expected.sort(), `what follows batch ${at + 1} of ${first.batches.length}`);
      }
    }),

    check('delivers again, the same, what was not confirmed', unless, async (fixture) => {
      for (const from of [0, 6]) await fixture.produce(samples(6, from));
      const first = await readAll(fixture, 12);
      const announced = new Map<Lane, Checkpoint | null>([...first.lanes.keys()].map((lane) => [lane, null]));
      const second = await readAll(fixture, 12, announced);
      mustEqual(facts(second), facts(first), 'ids, keys, versions, order on redelivery');
      mustEqual(second.session.identity, first.session.identity, 'the identity of the session');
    }),

    check('after a confirmation, starts at the checkpoint with what is new', unless, async (fixture) => {
      await fixture.produce(samples(10));
      const checkpoints = await (async () => {
        await using reader = await SourceReader.open(fixture);
        await reader.untilEvents(10);
        await reader.confirm();
        return reader.checkpoints;
      })();
      await fixture.produce(samples(5, 10));
      const again = await readAll(fixture, 5, checkpoints);
      mustEqual(
        again.values.sort(),
        samples(5, 10).map(({ value }) => value),
        'the events after the checkpoint',
      );
    }),

    check('ends a frame at every place that it is told', unless, async (fixture) => {
      for (const from of [0, 10, 20]) await fixture.produce(samples(10, from));
      const first = await readAll(fixture, 30, undefined, 500);
      const cuts = new Map<Lane, readonly Position[]>();
      const announced = new Map<Lane, Checkpoint | null>();
      for (const [lane, positions] of first.positions) {
        announced.set(lane, null);
        cuts.set(
          lane,
          positions.filter((_, at) => at % 2 === 0),
        );
      }
      const again = await readAll(fixture, 30, announced, 1_048_576, cuts);
      mustEqual(facts(again), facts(first), 'the same events, with cuts and without');
      for (const [lane, places] of cuts) {
        let before: Position | undefined;
        for (const position of again.positions.get(lane) ?? []) {
          const over = places.find(
            (cut) => (!before || comparePositions(before, cut) < 0) && comparePositions(cut, position) < 0,
          );
          mustHold(over === undefined, `no frame of ${lane} on both sides of a place at which one must end`, [
            before,
            over,
            position,
          ]);
          before = position;
        }
      }
    }),

    check('may be told the same position twice', unless, async (fixture) => {
      await fixture.produce(samples(4));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(4);
      await reader.confirm();
      await reader.confirm();
      await fixture.produce(samples(4, 4));
      await reader.untilEvents(8);
      mustEqual(reader.values.length, 8, 'events after a repeated confirmation');
    }),

    check('while it goes on, what was confirmed is not delivered again', unless, async (fixture) => {
      await using reader = await SourceReader.open(fixture);
      for (const from of [0, 5, 10]) {
        await fixture.produce(samples(5, from));
        await reader.untilEvents(from + 5);
        await reader.confirm();
      }
      mustEqual(new Set(reader.values).size, reader.values.length, 'values that differ');
    }),
  ];

  /** What is the same on redelivery, lane by lane: between two lanes there is no order. */
  function facts({ batches }: SourceReader<T>): unknown[] {
    const byLane = [...batches].sort((a, b) => (a.lane < b.lane ? -1 : a.lane > b.lane ? 1 : 0));
    return byLane.flatMap(({ frame }) =>
      frame.events.map(({ id, key, type, version }) => [id, key, type, version.epoch, version.value]),
    );
  }
}

/** Reads `count` events without confirming, and then a little longer: what comes too often comes at once. */
async function readAll<T>(
  fixture: Parameters<typeof SourceReader.open<T>>[0],
  count: number,
  checkpoints: ReadonlyMap<Lane, Checkpoint | null> = new Map(),
  maxBatchBytes = 1_048_576,
  cuts: ReadonlyMap<Lane, readonly Position[]> = new Map(),
): Promise<SourceReader<T>> {
  await using reader = await SourceReader.open<T>(fixture, { checkpoints, cuts, maxBatchBytes });
  const head = await reader.session.head();
  await reader.untilEvents(count);
  await reader.settleAt(head);
  return reader;
}
