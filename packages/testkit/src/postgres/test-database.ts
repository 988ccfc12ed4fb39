import { randomBytes } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';
import { Client, escapeIdentifier, Pool, type QueryResultRow } from 'pg';
import { waitFor } from '../wait/wait-for.js';

/** Where a database is made, and what it is called. */
export interface TestDatabaseOptions {
  /** A server with rights to make databases. Default: SLUICE_TEST_POSTGRES_URL. */
  readonly url?: string;
  /** What the database's name begins with. Default: `test`. */
  readonly name?: string;
}

/** A database of its own. Disposing it is dropping it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** On this database; at most 8 connections. */
  readonly pool: Pool;
  /** The rows of one statement. */
  query<Row extends QueryResultRow = QueryResultRow>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** Ends all its sessions, drops its replication slots, then the database. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database for one test.
 *
 * @throws ComponentError `OPTIONS_INVALID` when no server is known.
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = options.url ?? process.env['SLUICE_TEST_POSTGRES_URL'];
  if (!server) throw new ComponentError('OPTIONS_INVALID', 'url: neither given nor in SLUICE_TEST_POSTGRES_URL');
  const prefix = (options.name ?? 'test')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 40);
  const name = `${prefix}_${randomBytes(4).toString('hex')}`;
  await asAdmin(server, (admin) => admin.query(`CREATE DATABASE ${escapeIdentifier(name)}`));

  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 8 });
  pool.on('error', () => undefined); // idle connections that a test or the drop has ended
  let dropping: Promise<void> | undefined;
  const drop = () => {
    dropping ??= dropDatabase(server, name, pool);
    return dropping;
  };
  const query = async <Row extends QueryResultRow>(sql: string, params?: unknown[]) =>
    (await pool.query<Row>(sql, params)).rows;
  return { url: url.href, name, pool, query, drop, [Symbol.asyncDispose]: drop };
}

async function dropDatabase(server: string, name: string, pool: Pool): Promise<void> {
  const ended = pool.end();
  await asAdmin(server, async (admin) => {
    // Whoever reconnects meanwhile must not get in again.
    await admin.query(`ALTER DATABASE ${escapeIdentifier(name)} ALLOW_CONNECTIONS false`);
    await waitFor(() => endSessionsAndSlots(admin, name), {
      what: `the sessions of ${name} to end`,
      timeoutMs: 30_000,
    });
    await admin.query(`DROP DATABASE ${escapeIdentifier(name)} WITH (FORCE)`);
  });
  await ended;
}

async function endSessionsAndSlots(admin: Client, name: string): Promise<boolean> {
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  await admin.query(
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active',
    [name],
  );
  const left = await admin.query('SELECT 1 FROM pg_replication_slots WHERE database = $1', [name]);
  return left.rowCount === 0;
}

async function asAdmin(server: string, work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: server });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
