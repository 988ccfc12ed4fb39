import type { StateStore } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { aggregateEvents, batchBy, dedupeEvents, filterEvents, memoryState, windowEvents } from '../../src/index.js';
import { calm, type Given, runThrough, someCourse, someEvents } from '../support/operator-run.js';

vi.setConfig({ testTimeout: 60_000 });

/** Copies of events, as a producer that tries again makes them: in any places after the first. */
const withCopies = fc
  .tuple(someEvents(40), fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { maxLength: 20 }))
  .map(([events, copies]) => {
    const all = [...events];
    for (const [which, where] of copies) {
      const event = events[which % Math.max(1, events.length)];
      if (event) all.splice(where % (all.length + 1), 0, event);
    }
    return all;
  });

const first = (events: readonly Given[]) => [...new Set(events.map(({ id }) => id))];

test('dedupeEvents lets each event through once, in the order of first arrivals', async () => {
  await fc.assert(
    fc.asyncProperty(withCopies, someCourse, async (events, { batches }) => {
      const operator = () => dedupeEvents<Given>({ store: memoryState(), scope: 's' });
      const { written } = await runThrough(events, operator, { ...calm, batches });
      expect(written.map(({ id }) => id)).toEqual(first(events));
    }),
    { numRuns: 40 },
  );
});

test('through crashes dedupeEvents loses nothing, and repeats only what was written and not marked', async () => {
  await fc.assert(
    fc.asyncProperty(withCopies, someCourse, async (events, course) => {
      const store = memoryState();
      const { written, crashes } = await runThrough(
        events,
        (crashing) => dedupeEvents<Given>({ store: crashing(store), scope: 's' }),
        course,
      );
      expect(new Set(written.map(({ id }) => id))).toEqual(new Set(first(events)));
      if (crashes === 0) expect(written).toHaveLength(first(events).length);
      const marked = await store.seen(
        's',
        events.map(({ id }) => `/given#${id}`),
      );
      expect(marked.size).toBe(first(events).length);
    }),
    { numRuns: 60 },
  );
});

test('an event counts as seen by what `by` says', async () => {
  const events = [1, 2, 1, 3, 2].map((value, n) => ({ id: `e${n}`, key: 'a', value, at: 0 }));
  const operator = () => dedupeEvents<Given>({ store: memoryState(), scope: 's', by: ({ data }) => `${data?.value}` });
  const { written } = await runThrough(events, operator);
  expect(written.map(({ data }) => data?.value)).toEqual([1, 2, 3]);
});

type Sum = { readonly sum: number; readonly count: number };
const sums = (store: StateStore) =>
  aggregateEvents<Given, Sum>({
    store,
    scope: 'sums',
    initial: () => ({ sum: 0, count: 0 }),
    reduce({ sum, count }, data) {
      if (data?.value === -5) throw new RangeError('refused');
      return data?.value === 9 ? undefined : { sum: sum + (data?.value ?? 0), count: count + 1 };
    },
  });

/** The states after each event. */
function runningSums(events: readonly Given[]) {
  const states = new Map<string, Sum>();
  const made: (readonly [string, Sum | null])[] = [];
  for (const { id, key, value } of events.filter((event) => event.value !== -5)) {
    const { sum, count } = states.get(key) ?? { sum: 0, count: 0 };
    if (value === 9) states.delete(key);
    else states.set(key, { sum: sum + value, count: count + 1 });
    made.push([id, states.get(key) ?? null]);
  }
  return { states, made };
}

test('aggregateEvents emits the running state of each key', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someCourse, async (events, { batches }) => {
      const store = memoryState();
      const { written, buried } = await runThrough(events, () => sums(store), { ...calm, batches });
      const { made } = runningSums(events);
      expect(written.map(({ id, data }) => [id, data])).toEqual(made);
      expect(buried.map(([id]) => id)).toEqual(events.filter(({ value }) => value === -5).map(({ id }) => id));
    }),
    { numRuns: 40 },
  );
});

test('what an aggregate emits has the id of its event, the key of the state and the type that it was told', async () => {
  const events = [{ id: 'e0', key: 'a', value: 3, at: 0 }];
  const { written } = await runThrough(events, () =>
    aggregateEvents<Given, number>({
      store: memoryState(),
      scope: 's',
      key: ({ data }) => `sum of ${data?.key}`,
      type: 'sum',
      initial: () => 0,
      reduce: (sum, data) => sum + (data?.value ?? 0),
    }),
  );
  expect(written.map(({ id, key, type, data }) => [id, key, type, data])).toEqual([['e0', 'sum of a', 'sum', 3]]);
});

test('through crashes aggregateEvents counts each event once, and the last state of each key reaches the sink', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someCourse, async (events, course) => {
      const store = memoryState();
      const { written } = await runThrough(events, (crashing) => sums(crashing(store)), course);
      const { states, made } = runningSums(events);
      const kept = (await store.scan('sums')).map(({ key, entry }) => [key, entry.value]);
      expect(new Map(kept as [string, Sum][])).toEqual(states);
      const newest = new Map(written.map((event) => [event.key, event.data]));
      const expected = new Map(made.map(([id, state]) => [events.find((one) => one.id === id)?.key, state]));
      expect(newest).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('two instances of one aggregate can not both write: the one that is late starts anew, and no event is counted twice', async () => {
  const store = memoryState();
  let meddled = false;
  const meddling: StateStore = {
    ...store,
    async write(scope, change) {
      if (!meddled) {
        meddled = true;
        await store.write(scope, { writes: [{ key: 'a', value: { sum: 100, count: 1 }, expected: 0n }] });
      }
      return store.write(scope, change);
    },
  };
  const { written, notices } = await runThrough([{ id: 'e', key: 'a', value: 1, at: 0 }], () => sums(meddling));
  expect(written.map(({ data }) => data)).toEqual([{ sum: 101, count: 2 }]);
  expect(notices.map(({ code }) => code)).toContain('STATE_CONFLICT');
});

test('an aggregate of keys of 10 kB diverts them, and one of shorter keys does not', async () => {
  const events = [9_000, 10_000].map((length) => ({ id: `e${length}`, key: 'k'.repeat(length), value: 1, at: 0 }));
  const { written, buried } = await runThrough(events, () => sums(memoryState()));
  expect(written.map(({ id }) => id)).toEqual(['e9000']);
  expect(buried).toEqual([['e10000', 'EVENT_KEY_TOO_LONG']]);
});

interface Shape {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly allowedLatenessMs: number;
}

const someShape: fc.Arbitrary<Shape> = fc.record({
  sizeMs: fc.constantFrom(10, 20, 40),
  slideMs: fc.constantFrom(5, 10),
  allowedLatenessMs: fc.constantFrom(0, 7, 50),
});

const windows = (store: StateStore, shape: Shape, late: 'drop' | 'divert' = 'drop') =>
  windowEvents<Given, number[]>({
    store,
    scope: 'w',
    ...shape,
    late,
    initial: () => [],
    reduce: (values, data) => [...values, data?.value ?? 0],
  });

/** The windows that are closed in the end, by id, and the events that came too late for all of theirs. */
function windowsOf(events: readonly Given[], { sizeMs, slideMs, allowedLatenessMs }: Shape) {
  let watermark = Number.NEGATIVE_INFINITY;
  const open = new Map<string, { end: number; values: number[] }>();
  const late: string[] = [];
  for (const { id, key, value, at } of events) {
    let counted = false;
    for (let start = Math.floor(at / slideMs) * slideMs; start > at - sizeMs; start -= slideMs) {
      if (start + sizeMs + allowedLatenessMs <= watermark) continue;
      const name = `w/${key}/${new Date(start).toISOString()}`;
      const values = [...(open.get(name)?.values ?? []), value];
      open.set(name, { end: start + sizeMs, values });
      counted = true;
    }
    if (!counted) late.push(id);
    watermark = Math.max(watermark, at);
  }
  const closed = [...open].filter(([, { end }]) => end + allowedLatenessMs <= watermark);
  return { closed: new Map(closed.map(([name, { values }]) => [name, values])), late };
}

test('windowEvents emits each window once, when it is closed, whatever the batches', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someCourse, someShape, async (events, { batches }, shape) => {
      const { written, buried } = await runThrough(events, () => windows(memoryState(), shape, 'divert'), {
        ...calm,
        batches,
      });
      const { closed, late } = windowsOf(events, shape);
      expect(new Map(written.map(({ id, data }) => [id, data?.value]))).toEqual(closed);
      expect(written).toHaveLength(closed.size);
      expect(buried).toEqual(late.map((id) => [id, 'EVENT_LATE']));
    }),
    { numRuns: 60 },
  );
});

test('through crashes windowEvents loses no window, and one that is emitted again is the same', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someCourse, someShape, async (events, course, shape) => {
      const store = memoryState();
      const { written } = await runThrough(events, (crashing) => windows(crashing(store), shape), course);
      const { closed } = windowsOf(events, shape);
      expect(new Set(written.map(({ id }) => id))).toEqual(new Set(closed.keys()));
      for (const { id, data } of written) expect(data?.value).toEqual(closed.get(id));
      // What is left is what is open, and the watermark.
      for (const { key, entry } of await store.scan('w')) {
        if (typeof entry.value !== 'number') expect(closed.has(key)).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});

test('the state of closed windows is removed once their events are durable', async () => {
  const store = memoryState();
  const events = Array.from({ length: 500 }, (_, n) => ({ id: `e${n}`, key: `k${n % 7}`, value: n, at: n * 10 }));
  const { written } = await runThrough(events, () =>
    windows(store, { sizeMs: 100, slideMs: 100, allowedLatenessMs: 0 }),
  );
  expect(written.length).toBe(7 * 49);
  // The seven that are still open, and the watermark.
  expect(await store.scan('w')).toHaveLength(8);
});

test('what a window says of itself follows from the window alone', async () => {
  const events = [5, 25].map((at, n) => ({ id: `e${n}`, key: '__proto__', value: n, at }));
  const { written } = await runThrough(events, () =>
    windows(memoryState(), { sizeMs: 10, slideMs: 10, allowedLatenessMs: 0 }),
  );
  expect(written.map((event) => event.toJSON())).toEqual([
    {
      specversion: '1.0',
      id: 'w/__proto__/1970-01-01T00:00:00.000Z',
      type: 'window',
      source: 'window:w',
      time: '1970-01-01T00:00:00.010Z',
      key: '["__proto__","1970-01-01T00:00:00.000Z"]',
      epoch: 'window:w',
      version: '8640000000000011',
      headers: {},
      data: { key: '__proto__', start: 0, end: 10, value: [0] },
    },
  ]);
});

test('late events are dropped where the option says so, and a notice counts them', async () => {
  const events = [100, 1, 2, 3].map((at, n) => ({ id: `e${n}`, key: 'a', value: n, at }));
  const { buried, notices } = await runThrough(events, () =>
    windows(memoryState(), { sizeMs: 10, slideMs: 10, allowedLatenessMs: 0 }),
  );
  expect(buried).toEqual([]);
  expect(notices.map(({ message }) => message)).toEqual([
    expect.stringContaining('1 late'),
    expect.stringContaining('2 late'),
  ]);
});

test('state operators work behind and before others, in one pipeline', async () => {
  const store = memoryState();
  const events = Array.from({ length: 40 }, (_, n) => ({ id: `e${n % 20}`, key: 'a', value: 1, at: n }));
  const { written } = await runThrough(
    events,
    (crashing) => (deliveries) =>
      deliveries.pipe(
        dedupeEvents({ store: crashing(store), scope: 'seen' }),
        filterEvents(() => true),
        sums(crashing(store)),
        batchBy({ events: 7, ms: 3 }),
      ),
  );
  expect(written.at(-1)?.data).toEqual({ sum: 20, count: 20 });
});
