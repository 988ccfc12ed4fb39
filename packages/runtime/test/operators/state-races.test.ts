import type { StateStore } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { memoryCheckpoints, memorySink, memorySource, memoryState, pipeline, windowEvents } from '../../src/index.js';
import { gate } from '../../src/scale-out/gate.js';
import { readCounted } from '../../src/state/read-counted.js';

test.each(['read', 'seen'] as const)('an event that is counted right after `%s` counts once', async (after) => {
  const store = memoryState();
  let counted = false;
  /** Another instance counts the event. */
  const count = async () => {
    if (counted) return;
    counted = true;
    await store.write('s', { writes: [{ key: 'k', value: 1, expected: 0n }], seen: ['e'] });
  };
  const interrupted: StateStore = {
    ...store,
    async read(scope, keys) {
      const answer = await store.read(scope, keys);
      if (after === 'read') await count();
      return answer;
    },
    async seen(scope, ids) {
      const answer = await store.seen(scope, ids);
      if (after === 'seen') await count();
      return answer;
    },
  };
  const { entries, seen } = await readCounted(interrupted, 's', { ids: ['e'], keys: ['k'] });
  expect(counted).toBe(true);
  expect(entries.get('k')?.value).toBe(seen.has('e') ? 1 : undefined);
});

test('a window that is removed while the store is scanned is emitted once', async () => {
  const store = memoryState();
  const asked = gate();
  const removed = gate();
  let scans = 0;
  const slow: StateStore = {
    ...store,
    async scan(scope, options) {
      const page = await store.scan(scope, options);
      scans += 1;
      // The third one finds what the second one closed, and hears of it only when that is removed.
      if (scans === 3) {
        asked.keep();
        await removed.promise;
      }
      return page;
    },
    async write(scope, change) {
      const removes = change.writes.some(({ value }) => value === undefined);
      if (removes) await asked.promise;
      const outcome = await store.write(scope, change);
      if (removes) setTimeout(removed.keep, 0);
      return outcome;
    },
  };
  const source = memorySource<number>({ batch: 1 });
  for (const data of [0, 100, 200, 300]) source.push({ key: 'k', data });
  source.end();
  const sink = memorySink<unknown>();
  await pipeline('windows')
    .from(source)
    .pipe(
      windowEvents({
        store: slow,
        scope: 'w',
        sizeMs: 100,
        timeOf: ({ data }) => new Date(data ?? 0),
        initial: () => 0,
        reduce: (count) => count + 1,
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints() })
    .run();
  expect(sink.events).toHaveLength(3);
}, 30_000);
