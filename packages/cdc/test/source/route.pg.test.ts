import { expandEvents, memorySink, pipeline } from '@sluice/runtime';
import { type Row, tableSink } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents } from '../../src/index.js';

const db = useDatabase();

test('two sinks of one slot, cut off and stopped at different places within transactions, each get every change once', async () => {
  await db.query('CREATE TABLE items (id int PRIMARY KEY, n int)');
  await db.query('CREATE TABLE copies (LIKE items INCLUDING ALL)');
  await db.query('INSERT INTO items SELECT i, 0 FROM generate_series(1, 300) i');
  const slot = `${db.name}_route`;
  // It outlives the pipelines, and keeps what it is given with the checkpoints that come along.
  const log = memorySink<Row>({ name: 'log', delivery: 'atomic' });
  const connection = { connectionString: db.url, application_name: 'cut-me' };
  const start = () => {
    const running = pipeline('two', { maxBatchBytes: 4_000, checkpointIntervalMs: 0, notice: () => undefined })
      .from(postgresChanges({ connection: db.url, tables: ['public.items'], slot, statusIntervalMs: 50 }))
      .pipe(expandEvents(rowEvents()))
      .route(
        {
          log: (branch) => branch.to(log),
          copies: (branch) =>
            branch.to(tableSink({ connection, table: 'copies', key: ['id'], maxEvents: 20 }), {
              retry: { maxAttempts: 2, initialMs: 1, maxMs: 20 },
            }),
        },
        { buffer: { batches: 20 } },
      );
    return { running, done: running.run() };
  };
  const caughtUp = async ({ running, done }: ReturnType<typeof start>) => {
    await Promise.race([running.caughtUp({ timeoutMs: 60_000 }), done]);
  };

  const first = start();
  await caughtUp(first);
  await first.running.drain();
  await first.done;
  for (let round = 1; round <= 4; round++) {
    await db.query(`UPDATE items SET n = ${round} WHERE id <= 250`);
    for (let id = 1; id <= 30; id++) await db.query(`UPDATE items SET n = n + 1 WHERE id = ${id}`);
    const { running, done } = start();
    const goal = log.events.length + 40 * round;
    await waitFor(() => log.events.length >= goal, { what: 'some of the changes', timeoutMs: 60_000 });
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut-me'`);
    await running.drain({ timeoutMs: 0 });
    await done;
  }
  await using last = start().running;
  await last.caughtUp({ timeoutMs: 60_000 });
  expect(await db.query('TABLE copies ORDER BY id')).toEqual(await db.query('TABLE items ORDER BY id'));
  const ids = log.events.map(({ id }) => id);
  expect(ids.length).toBe(300 + 4 * 280);
  expect(new Set(ids).size).toBe(ids.length);
}, 180_000);
