import { ComponentError, isComponentError } from '@sluice/contracts';
import {
  aggregateEvents,
  type ClosedWindow,
  dedupeEvents,
  joinState,
  type MemoryEvent,
  memoryCheckpoints,
  memorySink,
  memorySource,
  pipeline,
  stateTable,
  windowEvents,
} from '@sluice/runtime';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresState } from '../src/index.js';

const database = useDatabase();
const retry = { maxAttempts: 2, initialMs: 1, maxMs: 1 };

interface Click {
  readonly n: number;
  readonly at: number;
}

const keys = ['a', '__proto__', 'k'.repeat(9_000), 'ü\u0000|', '\ud800'];
const clicks: MemoryEvent<Click>[] = Array.from({ length: 400 }, (_, n) => ({
  key: keys[n % keys.length] as string,
  data: { n: n % 350, at: n * 10 },
}));

test('through crashes operators with state in Postgres count each event once', async () => {
  await using store = postgresState({ connection: database.url });
  const source = memorySource<Click>({ batch: 7 });
  source.push(...clicks);
  source.end();
  const counts = memorySink<{ count: number }>();
  const checkpoints = memoryCheckpoints();
  let writes = 0;
  const crashing: typeof counts = {
    ...counts,
    open: async (ctx) => {
      const session = await counts.open(ctx);
      return {
        ...session,
        async write(events, of) {
          writes += 1;
          if (writes % 5 === 3) throw crash();
          await session.write(events, of);
          if (writes % 7 === 4) throw crash();
        },
      };
    },
  };
  for (let crashes = 0; ; crashes++) {
    try {
      const running = pipeline('counts')
        .from(source)
        .pipe(
          dedupeEvents<Click>({ store, scope: 'seen', by: ({ data }) => String(data?.n) }),
          aggregateEvents({
            store,
            scope: 'counts',
            initial: () => ({ count: 0 }),
            reduce: ({ count }) => ({ count: count + 1 }),
          }),
        )
        .to(crashing, { checkpoints, retry });
      await running.run();
      expect(crashes).toBeGreaterThan(3);
      break;
    } catch (error) {
      if (!isComponentError(error) || error.code !== 'TEST_CRASH') throw error;
    }
  }
  const kept = await store.read('counts', keys);
  expect(new Map([...kept].map(([key, { value }]) => [key, value]))).toEqual(
    new Map(keys.map((key) => [key, { count: 70 }])),
  );
});

test('windows and their removal work over Postgres', async () => {
  await using store = postgresState({ connection: database.url });
  const source = memorySource<Click>({ batch: 30 });
  source.push(...clicks);
  source.end();
  const sink = memorySink<ClosedWindow<number>>();
  await pipeline('windows')
    .from(source)
    .pipe(
      windowEvents({
        store,
        scope: 'windows',
        sizeMs: 500,
        timeOf: ({ data }) => new Date(data?.at ?? 0),
        initial: () => 0,
        reduce: (count) => count + 1,
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), retry })
    .run();
  // 4,000 ms of clicks make eight windows for each key; the last of each stays open.
  expect(sink.events).toHaveLength(7 * keys.length);
  expect(new Set(sink.events.map(({ data }) => data?.value))).toEqual(new Set([10]));
  expect(await store.scan('windows')).toHaveLength(keys.length + 1);
});

test('a table of state in Postgres is joined with a stream', async () => {
  await using store = postgresState({ connection: database.url });
  const [rows, stream] = [memorySource<{ name: string }>(), memorySource<number>()];
  rows.push(...keys.map((key, n) => ({ key, data: { name: `row ${n}` } })), { key: 'a', data: null });
  stream.push(...keys.map((key, data) => ({ key, data })));
  for (const source of [rows, stream]) source.end();
  await pipeline('rows')
    .from(rows)
    .to(stateTable({ store, scope: 'rows' }), { checkpoints: memoryCheckpoints(), retry })
    .run();
  const sink = memorySink<string>();
  await pipeline('joined')
    .from(stream)
    .pipe(joinState({ store, scope: 'rows', join: (_: number, row: { name: string } | null) => row?.name ?? 'none' }))
    .to(sink, { checkpoints: memoryCheckpoints(), retry })
    .run();
  expect(sink.events.map(({ data }) => data)).toEqual(['none', 'row 1', 'row 2', 'row 3', 'row 4']);
});

function crash(): ComponentError {
  return new ComponentError('TEST_CRASH', 'the process is gone', { retry: 'operator' });
}
