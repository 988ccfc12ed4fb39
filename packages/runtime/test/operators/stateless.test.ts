import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  batchBy,
  expandEvents,
  filterEvents,
  mapEvents,
  mapEventsAsync,
  partitionByKey,
  tapEvents,
  validateEvents,
} from '../../src/index.js';
import { calm, type Given, runThrough, someCourse, someEvents } from '../support/operator-run.js';

vi.setConfig({ testTimeout: 60_000 });

/** Without crashes everything is written once, in order. */
const quiet = someCourse.map(({ batches }) => ({ ...calm, batches }));

test('mapEvents, filterEvents and expandEvents do to a stream what map, filter and flatMap do to an array', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), quiet, async (events, course) => {
      const mapped = await runThrough(events, () => mapEvents(({ value }) => value * 2), course);
      expect(mapped.written.map(({ data }) => data)).toEqual(events.map(({ value }) => value * 2));
      const filtered = await runThrough(events, () => filterEvents(({ value }) => value > 2), course);
      expect(filtered.written.map(({ id }) => id)).toEqual(events.filter(({ value }) => value > 2).map(({ id }) => id));
      const twice = (n: number) => Array.from({ length: Math.max(0, n) }, (_, at) => String(at));
      const expanded = await runThrough(
        events,
        () => expandEvents(({ value }, event) => twice(value).map((idSuffix) => event.with(value, { idSuffix }))),
        course,
      );
      expect(expanded.written.map(({ id }) => id)).toEqual(
        events.flatMap(({ id, value }) => twice(value).map((suffix) => `${id}#${suffix}`)),
      );
    }),
    { numRuns: 25 },
  );
});

test('events that a function refuses become dead letters, and the others of their batch go on', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), quiet, async (events, course) => {
      const refuse = ({ value }: Given) => {
        if (value < 0) throw new Error('negative');
        return value;
      };
      const good = events.filter(({ value }) => value >= 0).map(({ id }) => id);
      const bad = events.filter(({ value }) => value < 0).map(({ id }) => id);
      for (const operator of [
        mapEvents(refuse),
        filterEvents((data: Given) => refuse(data) >= 0),
        expandEvents((data: Given, event) => [event.with(refuse(data))]),
        mapEventsAsync(async (data: Given) => refuse(data)),
        validateEvents(z.object({ value: z.number().min(0) })),
      ]) {
        const { written, buried } = await runThrough<unknown>(events, () => operator, course);
        expect(written.map(({ id }) => id)).toEqual(good);
        expect(buried.map(([id]) => id)).toEqual(bad);
      }
    }),
    { numRuns: 15 },
  );
});

test('batchBy makes larger writes of the same events in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), quiet, fc.integer({ min: 1, max: 30 }), async (events, course, size) => {
      const { written } = await runThrough(events, () => batchBy({ events: size, ms: 5 }), course);
      expect(written.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    }),
    { numRuns: 25 },
  );
});

test('batchBy with a size larger than the credits lets go rather than block', async () => {
  const events = Array.from({ length: 50 }, (_, n) => ({ id: `e${n}`, key: 'a', value: n, at: 0 }));
  const operator = () => batchBy<Given>({ events: 1_000_000, ms: Number.POSITIVE_INFINITY });
  const { written } = await runThrough(events, operator, calm, { credits: { batches: 4 } });
  expect(written).toHaveLength(50);
});

test('partitionByKey keeps the order of each key, whatever the keys are', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), quiet, fc.integer({ min: 1, max: 5 }), async (events, course, partitions) => {
      const { written } = await runThrough(events, () => partitionByKey({ partitions }), course);
      expect(written).toHaveLength(events.length);
      for (const key of new Set(events.map((event) => event.key))) {
        const of = written.filter((event) => event.key === key).map(({ id }) => id);
        expect(of).toEqual(events.filter((event) => event.key === key).map(({ id }) => id));
      }
    }),
    { numRuns: 25 },
  );
});

test('a tap sees every event, deletions too, and changes nothing', async () => {
  const events = [{ id: 'e0', key: 'a', value: 1, at: 0 }, null, { id: 'e2', key: 'a', value: 3, at: 0 }];
  const seen: unknown[] = [];
  const { written } = await runThrough(events, () => tapEvents((data) => seen.push(data)));
  expect(seen).toEqual(events);
  expect(written.map(({ data }) => data)).toEqual(events);
});

test('a tap that throws or rejects costs no event, and is told once without what it said', async () => {
  const events = Array.from({ length: 9 }, (_, n) => ({ id: `e${n}`, key: 'a', value: n, at: 0 }));
  for (const look of [
    () => {
      throw new TypeError('secret');
    },
    () => Promise.reject(new TypeError('secret')),
  ]) {
    const { written, buried, notices } = await runThrough(events, () => tapEvents<Given>(look));
    expect(written).toHaveLength(9);
    expect(buried).toEqual([]);
    expect(notices).toHaveLength(1);
    expect(notices[0]?.message).toContain('tapEvents');
    expect(notices[0]?.message).not.toContain('secret');
  }
});
