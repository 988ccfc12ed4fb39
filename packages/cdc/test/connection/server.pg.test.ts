import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type TestDatabase, testDatabase } from '@sluice/testkit/postgres';
import { expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';
import { turnOnTls } from '../support/tls-server.js';

const ids = (events: readonly { data: { after: unknown } | null }[]) =>
  events.map(({ data }) => (data?.after as { id: number } | null)?.id);

test('a server that is restarted, even by a crash, is followed as if nothing had been', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cdc-restart-'));
  let server = await startPostgres({ dataDir });
  try {
    const { port } = server;
    const db = await testDatabase({ url: server.url });
    await db.query('CREATE TABLE rows (id int PRIMARY KEY)');
    const reconnect = { initialDelayMs: 20, maxDelayMs: 100, giveUpAfterMs: 30_000 };
    await using driver = await Driver.open(changesOf(db.url, 'restarted', { tables: ['public.rows'], reconnect }));
    await driver.snapshot();
    const seen = driver.events(300);
    await db.query('INSERT INTO rows SELECT generate_series(1, 100)');
    for (const [mode, from] of [
      ['fast', 101],
      ['immediate', 201],
    ] as const) {
      await server.stop(mode);
      server = await startPostgres({ dataDir, port });
      await insertAfterRestart(db, from);
    }
    expect(ids(await seen)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    await driver[Symbol.asyncDispose]();
    await db.pool.end();
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

async function insertAfterRestart(db: TestDatabase, from: number): Promise<void> {
  const insert = 'INSERT INTO rows SELECT generate_series($1::int, $1::int + 99)';
  // The first query after the restart may run into a connection of the pool that is gone.
  await db.query('SELECT 1').catch(() => db.query('SELECT 1'));
  await db.query(insert, [from]);
}

test('over TLS, with the certificate checked', async () => {
  await using server = await startPostgres();
  const ca = await turnOnTls(server);
  await using db = await testDatabase({ url: server.url });
  await db.query('CREATE TABLE rows (id int PRIMARY KEY, text text)');
  await db.query('INSERT INTO rows VALUES (0)');

  const url = new URL(db.url);
  const { hostname: host, port, username: user, password, pathname } = url;
  const plain = { host, port: Number(port), user, password: decodeURIComponent(password), database: pathname.slice(1) };
  const secure = { ...plain, host: '127.0.0.1', ssl: { ca } };
  await using driver = await Driver.open(changesOf(db.url, 'secure', { connection: secure, tables: ['public.rows'] }));
  expect(ids(await driver.snapshot())).toEqual([0]);
  const reading = driver.events(2000);
  await db.query(`INSERT INTO rows SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) i`);
  expect(ids(await reading)).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
  const links = await db.query(
    `SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_replication r USING (pid) WHERE r.application_name = 'sluice-cdc'`,
  );
  expect(links).toEqual([{ ssl: true }]);

  const unchecked = changesOf(db.url, 'secure', { connection: { ...secure, ssl: true }, tables: ['public.rows'] });
  await expect(Driver.open(unchecked)).rejects.toMatchObject({ code: 'CDC_CONNECTION_LOST' });
});
