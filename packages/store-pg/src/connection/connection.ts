import { ComponentError } from '@sluice/contracts';
import { type ClientConfig, Pool, type PoolClient, type PoolConfig } from 'pg';
import { fromPostgres } from '../failure/postgres-errors.js';
import { begin, commit } from './commit.js';

/**
 * Where the database is: a connection string, the options of a `pg` client, or a pool of yours. A pool of yours stays open,
 * and its sessions must have `synchronous_commit` on, and should have an `idle_in_transaction_session_timeout`.
 */
export type Connection = string | ClientConfig | PoolConfig | Pool;

/** How long a transaction of ours may wait for its process, in milliseconds. Statements of one follow each other at once. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** A pool, and whether ending it is our affair. */
export interface OpenConnection {
  readonly pool: Pool;
  end(): Promise<void>;
}

/** @throws ComponentError `OPTIONS_INVALID` when it is none of the forms. */
export function checkConnection(connection: Connection): void {
  if (typeof connection === 'string' ? connection !== '' : typeof connection === 'object' && connection !== null)
    return;
  throw new ComponentError('OPTIONS_INVALID', 'connection: give a connection string, options of pg, or a Pool');
}

/** Makes a pool of at most `max` connections, or takes the one that was given. */
export function openConnection(connection: Connection, max: number): OpenConnection {
  if (isPool(connection)) return { pool: connection, end: async () => undefined };
  const given: PoolConfig = typeof connection === 'string' ? { connectionString: connection } : connection;
  const pool = new Pool({ max, application_name: 'sluice', ...given, ...({ onConnect: prepareSession } as object) });
  pool.on('error', () => undefined); // an idle connection was lost: the next query takes another one
  // One that the pool has let go of and that is still closing has no listener of the pool's any more.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return { pool, end: once(() => pool.end()) };
}

/** How long the outcome of a commit is asked for where nobody says when to stop, in milliseconds. */
const DOUBT_MS = 60_000;

/**
 * Runs `work` in one transaction, and gives the connection back; a connection in doubt is closed. Until `signal` is aborted
 * (default: for a minute) a rejection means that nothing was written, also when the connection is lost during the commit.
 */
export async function inTransaction<T>(
  pool: Pool,
  doing: string,
  work: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw fromPostgres(error, doing);
  }
  let doubtful = true;
  const lost = () => undefined; // the query that runs then says so
  client.on('error', lost);
  try {
    const id = await begin(client);
    const result = await work(client);
    await commit(pool, client, id, signal ?? AbortSignal.timeout(DOUBT_MS));
    doubtful = false;
    return result;
  } catch (error) {
    doubtful = await client.query('ROLLBACK').then(
      () => false,
      () => true, // it is closed below
    );
    throw fromPostgres(error, doing);
  } finally {
    client.off('error', lost);
    client.release(doubtful);
  }
}

/**
 * What our sessions need, where the database does not say so itself: a checkpoint that a crash takes back would name events that the
 * source has already let go; and a process that is frozen within a transaction must not hold its locks for ever, or the instance
 * that takes over would wait for it.
 */
function prepareSession(client: PoolClient): Promise<unknown> {
  return client.query(`
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
UNION ALL
SELECT set_config('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION_MS}', false)
WHERE current_setting('idle_in_transaction_session_timeout') = '0'`);
}

/** By shape: an application may have another copy of pg. */
function isPool(connection: Connection): connection is Pool {
  return typeof connection === 'object' && 'totalCount' in connection && typeof connection.query === 'function';
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
