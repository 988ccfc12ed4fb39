import { ComponentError, type StateStore } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { aggregateEvents, dedupeEvents, memoryState, windowEvents } from '../../src/index.js';
import { calm, type Given, runThrough, someEvents } from '../support/operator-run.js';

vi.setConfig({ testTimeout: 60_000 });

/** What a store makes of a call: it answers, it refuses, or it does what it was asked and the answer is lost. */
type Answer = 'fine' | 'refused' | 'lost';
const someAnswers = fc.array(fc.constantFrom<Answer>('fine', 'fine', 'refused', 'lost'), { maxLength: 30 });

function flaky(store: StateStore, answers: Answer[]): StateStore {
  const asked = async <R>(work: () => Promise<R>): Promise<R> => {
    const answer = answers.shift() ?? 'fine';
    const done = answer === 'refused' ? undefined : await work();
    if (answer === 'fine') return done as R;
    throw new ComponentError('TEST_AWAY', 'no connection', { retry: 'backoff' });
  };
  return {
    ...store,
    read: (...of) => asked(() => store.read(...of)),
    scan: (...of) => asked(() => store.scan(...of)),
    seen: (...of) => asked(() => store.seen(...of)),
    write: (...of) => asked(() => store.write(...of)),
  };
}

test('a store that is away now and then, or whose answers get lost, is waited out: each event counts once', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someAnswers, async (events, answers) => {
      const store = memoryState();
      const away = flaky(store, [...answers]);
      const { written } = await runThrough(events, () =>
        aggregateEvents<Given, number>({ store: away, scope: 's', initial: () => 0, reduce: (count) => count + 1 }),
      );
      const counts = new Map<string, number>();
      for (const { key } of events) counts.set(key, (counts.get(key) ?? 0) + 1);
      const kept = (await store.scan('s')).map(({ key, entry }) => [key, entry.value] as const);
      expect(new Map(kept)).toEqual(counts);
      expect(new Map(written.map(({ key, data }) => [key, data]))).toEqual(counts);
    }),
    { numRuns: 40 },
  );
});

test('over such a store every window is emitted, with each of its events once, and removed', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someAnswers, async (events, answers) => {
      const store = memoryState();
      const away = flaky(store, [...answers]);
      const ordered = [...events].sort((a, b) => a.at - b.at);
      const newest = ordered.at(-1)?.at ?? 0;
      const { written } = await runThrough(ordered, () =>
        windowEvents<Given, string[]>({
          store: away,
          scope: 's',
          sizeMs: 20,
          initial: () => [],
          reduce: (ids, data) => [...ids, data?.id ?? ''],
        }),
      );
      const closed = ordered.filter(({ at }) => Math.floor(at / 20) * 20 + 20 <= newest).map(({ id }) => id);
      const last = new Map(written.map(({ id, data }) => [id, data?.value ?? []]));
      expect([...last.values()].flat().sort()).toEqual(closed.sort());
      const open = (await store.scan('s')).filter(({ entry }) => Array.isArray(entry.value));
      expect(open.flatMap(({ entry }) => entry.value as string[])).toHaveLength(events.length - closed.length);
    }),
    { numRuns: 40 },
  );
});

test('over such a store an inbox loses nothing, and all is marked in the end', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(), someAnswers, async (events, answers) => {
      const store = memoryState();
      const away = flaky(store, [...answers]);
      const { written } = await runThrough([...events, ...events], () =>
        dedupeEvents<Given>({ store: away, scope: 's', by: ({ id }) => id }),
      );
      expect([...new Set(written.map(({ id }) => id))]).toEqual(events.map(({ id }) => id));
      const marked = await store.seen(
        's',
        events.map(({ id }) => id),
      );
      expect(marked.size).toBe(events.length);
    }),
    { numRuns: 40 },
  );
});

test('a store that stays away ends no pipeline, and its events are counted when it is back', async () => {
  const store = memoryState();
  const events = Array.from({ length: 9 }, (_, n) => ({ id: `e${n}`, key: 'a', value: n, at: 0 }));
  const away = flaky(store, Array<Answer>(40).fill('refused'));
  const { written, notices } = await runThrough(
    events,
    () => aggregateEvents<Given, number>({ store: away, scope: 's', initial: () => 0, reduce: (count) => count + 1 }),
    calm,
  );
  expect(written.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(notices.map(({ code }) => code)).toContain('TEST_AWAY');
});
