import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/testkit';
import { startPostgres } from '@sluice/testkit/postgres';
import pg from 'pg';
import { expect, test } from 'vitest';
import { begin, commit } from '../src/connection/commit.js';

test('a lost commit is not taken for done because the server has crashed and used its number again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-crash-'));
  try {
    const made = await startPostgres({ dataDir: join(folder, 'data') });
    const lost = poolOf(made.url);
    const before = await numberOf(lost);
    const client = await lost.connect();
    const id = await begin(client);
    await client.query('SELECT pg_current_xact_id()');
    await made.stop('immediate');

    await using again = await startPostgres({ dataDir: made.dataDir });
    const pool = poolOf(again.url);
    try {
      await waitFor(async () => (await numberOf(pool)) > before + 1n, { what: 'the number to be used again' });
      const late = commit(pool, client, id, { signal: AbortSignal.timeout(60_000), lost: () => client.release(true) });
      await expect(late).rejects.toThrow();
    } finally {
      await Promise.all([pool.end(), lost.end()]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);

test('a role without rights learns when its transaction is over', async () => {
  await using server = await startPostgres();
  const admin = poolOf(server.url);
  await admin.query(`CREATE ROLE app LOGIN PASSWORD 'app'`);
  const url = new URL(server.url);
  url.username = 'app';
  url.password = 'app';
  const pool = poolOf(url.href);
  const [client, dead] = await Promise.all([pool.connect(), pool.connect()]);
  const id = await begin(client);
  dead.release(true);
  const late = commit(pool, dead, id, { signal: AbortSignal.timeout(60_000), lost: () => undefined });
  await expect(late).rejects.toThrow();
  await expect(client.query('SELECT 1')).rejects.toThrow();
  client.release(true);
  await Promise.all([pool.end(), admin.end()]);
}, 60_000);

/** What the end of the server says to connections that are closing already is of no interest. */
function poolOf(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

async function numberOf(pool: pg.Pool): Promise<bigint> {
  const { rows } = await pool.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  return BigInt(rows[0]?.xid ?? 0);
}
