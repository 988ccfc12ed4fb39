import { expandEvents, memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents, table } from '../../src/index.js';

const db = useDatabase();

interface Row {
  id: number;
  n: number;
}

test('a pipeline copies a table, is drained, and goes on where it was', async () => {
  await db.query('CREATE TABLE rows (id int PRIMARY KEY, n int)');
  await db.query('INSERT INTO rows SELECT i, 0 FROM generate_series(1, 500) i');
  const rows = table<Row>()('public.rows');
  const slot = `${db.name}_copy`;
  const sink = memorySink<Row>({ delivery: 'idempotent' });
  const checkpoints = memoryCheckpoints();
  const copy = () =>
    pipeline('copy')
      .from(postgresChanges({ connection: db.url, tables: [rows], slot, statusIntervalMs: 50 }))
      .pipe(expandEvents(rowEvents()))
      .to(sink, { checkpoints });
  const held = () =>
    new Map(sink.events.flatMap((event) => (event.data ? [[event.data.id, event.data.n] as const] : [])));
  const there = async () =>
    new Map((await db.query<Row>('SELECT id, n FROM rows')).map(({ id, n }) => [id, n] as const));

  {
    await using running = copy();
    const run = running.run();
    await waitFor(() => running.state === 'running', { what: 'the pipeline to run' });
    await db.query('UPDATE rows SET n = n + 1 WHERE id <= 100; DELETE FROM rows WHERE id > 490');
    await running.caughtUp({ timeoutMs: 20_000 });
    expect(new Map([...held()].sort())).toEqual(new Map([...(await there())].sort()));
    expect((await running.drain()).complete).toBe(true);
    await run;
  }
  await db.query('UPDATE rows SET id = id + 1000 WHERE id <= 10');
  {
    await using running = copy();
    const run = running.run();
    await running.caughtUp({ timeoutMs: 20_000 });
    expect(new Map([...held()].sort())).toEqual(new Map([...(await there())].sort()));
    const [state] = await db.query<{ lag: string }>(
      `SELECT pg_current_wal_flush_lsn() - confirmed_flush_lsn AS lag FROM pg_replication_slots WHERE slot_name = $1`,
      [slot],
    );
    expect(Number(state?.lag)).toBeGreaterThanOrEqual(0);
    await running.drain();
    await run;
  }
});
