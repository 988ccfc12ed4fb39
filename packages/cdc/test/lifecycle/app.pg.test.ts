import { app, expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { postgresChanges, rowEvents } from '../../src/index.js';

const database = useDatabase();
const source = 'SELECT id, n FROM orders ORDER BY id';
const target = 'SELECT id, n FROM copies ORDER BY id';

/** The same app after each restart. */
function copying(drainTimeoutMs: number) {
  const pool = new Pool({ connectionString: database.url, max: 4 });
  const copies = pipeline('copies', { notice: () => {} })
    .from(
      postgresChanges({
        connection: database.url,
        tables: ['public.orders'],
        slot: `app_${database.name}`.slice(0, 63),
      }),
    )
    .pipe(expandEvents(rowEvents()))
    .to(tableSink({ connection: pool, table: 'copies', key: ['id'] }));
  const service = app({
    parts: [{ name: 'pool', stop: () => pool.end() }, copies],
    health: { port: 0 },
    drainTimeoutMs,
    notice: () => {},
  });
  const ended = service.run();
  onTestFinished(async () => {
    await service.stop();
  });
  return { copies, service, ended };
}

test('an app that is stopped again and again, also with its sink locked, leaves the same rows on both sides', async () => {
  await database.query('CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL)');
  await database.query('CREATE TABLE copies (id int PRIMARY KEY, n int NOT NULL)');
  await database.query('INSERT INTO orders SELECT id, 0 FROM generate_series(1, 500) AS id');

  for (let round = 1; round <= 3; round += 1) {
    const { copies, service, ended } = copying(60_000);
    await waitFor(() => service.state === 'running', { what: 'the app', timeoutMs: 30_000 });
    expect((await fetch(`${service.healthUrl}/ready`)).status).toBe(200);
    const written = copies.report().counters.written;
    for (let step = 0; step < 5; step += 1) await database.query('UPDATE orders SET n = n + 1');
    await waitFor(() => copies.report().counters.written > written, { what: 'it at work', timeoutMs: 30_000 });
    process.kill(process.pid, 'SIGTERM');
    expect(await ended).toMatchObject({ reason: 'SIGTERM', complete: true });
  }

  const { copies, service, ended } = copying(500);
  await waitFor(() => service.state === 'running', { what: 'the app', timeoutMs: 30_000 });
  await copies.caughtUp();
  const lock = await database.pool.connect();
  try {
    await lock.query('BEGIN; LOCK TABLE copies');
    const { received } = copies.report().counters;
    await database.query('UPDATE orders SET n = n + 1');
    await waitFor(() => copies.report().counters.received > received, {
      what: 'changes on their way',
      timeoutMs: 30_000,
    });
    process.kill(process.pid, 'SIGTERM');
    const report = await ended;
    expect(report).toMatchObject({ complete: false, pipelines: [{ name: 'copies', outcome: 'gave-up' }] });
    expect([...(report.pipelines[0]?.givenUp.values() ?? [])].reduce((a, b) => a + b, 0)).toBeGreaterThan(0);
  } finally {
    await lock.query('ROLLBACK');
    lock.release();
  }

  const last = copying(60_000);
  await waitFor(() => last.copies.state === 'running', { what: 'the last app', timeoutMs: 30_000 });
  await last.copies.caughtUp();
  expect(await database.query(target)).toEqual(await database.query(source));
  await last.service.stop();
  await last.ended;
}, 180_000);
