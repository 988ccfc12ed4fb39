import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/testkit';
import { startPostgres } from '@sluice/testkit/postgres';
import pg from 'pg';
import { expect, test } from 'vitest';
import { begin, commit } from '../src/connection/commit.js';

test('a lost commit is not taken for done because the server that took over has used its number again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-failover-'));
  try {
    const made = await startPostgres({ dataDir: join(folder, 'data') });
    await made.stop();
    const copy = `${made.dataDir}-copy`;
    execFileSync('cp', ['-a', made.dataDir, copy]);
    execFileSync('cp', ['-a', join(copy, 'PG_VERSION'), join(copy, 'standby.signal')]);

    const lost = poolOf(await restarted(made.dataDir));
    const client = await lost.connect();
    const id = await begin(client);
    client.release(true);
    await lost.end();

    await using second = await startPostgres({ dataDir: copy });
    const pool = poolOf(second.url);
    try {
      await pool.query('SELECT pg_promote()');
      await waitFor(async () => (await numberOf(pool)) > BigInt(id?.xid ?? 0), { what: 'the number to be used again' });
      const late = commit(pool, client, id, { signal: AbortSignal.timeout(60_000), lost: () => undefined });
      await expect(late).rejects.toThrow(/not queryable/);
    } finally {
      await pool.end();
    }
  } finally {
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);

const servers: { stop(): Promise<void> }[] = [];

async function restarted(dataDir: string): Promise<string> {
  const server = await startPostgres({ dataDir });
  servers.push(server);
  return server.url;
}

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

test('any role may ask for the timeline', async () => {
  await using server = await startPostgres();
  const admin = poolOf(server.url);
  await admin.query(`CREATE ROLE app LOGIN PASSWORD 'app'`);
  const url = new URL(server.url);
  url.username = 'app';
  url.password = 'app';
  const pool = poolOf(url.href);
  const client = await pool.connect();
  expect(await begin(client)).toEqual({ xid: expect.stringMatching(/^\d+$/), timeline: '1' });
  client.release(true);
  await Promise.all([pool.end(), admin.end()]);
}, 60_000);
