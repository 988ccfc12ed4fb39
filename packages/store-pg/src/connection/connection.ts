import { ComponentError } from '@sluice/contracts';
import { type ClientConfig, Pool, type PoolClient, type PoolConfig } from 'pg';
import { fromPostgres } from '../failure/postgres-errors.js';
import { begin, commit } from './commit.js';
import { cutOff, GRACE_MS, timeLimits } from './time-limits.js';

/**
 * Where the database is: a connection string, the options of a `pg` client, or a pool of yours. A pool of yours stays open,
 * and its sessions must have `synchronous_commit` on, and should have an `idle_in_transaction_session_timeout`, a
 * `statement_timeout` and, a little longer, a `query_timeout`: else nothing ends the wait for a server that never answers.
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

/** What a pool may do. Options of `pg` that are given come before these. */
export interface Limits {
  /** The most connections. */
  readonly max: number;
  readonly statementTimeoutMs: number;
}

/** Makes a pool within these limits, or takes the one that was given. */
export function openConnection(connection: Connection, { max, statementTimeoutMs }: Limits): OpenConnection {
  if (isPool(connection)) return { pool: connection, end: async () => undefined };
  const given: PoolConfig = typeof connection === 'string' ? { connectionString: connection } : connection;
  const onConnect = (client: PoolClient) => prepareSession(client, statementTimeoutMs);
  const defaults = { max, application_name: 'sluice', ...timeLimits(statementTimeoutMs) };
  const pool = new Pool({ ...defaults, ...given, ...({ onConnect } as object) });
  pool.on('error', () => undefined); // an idle connection was lost: the next query takes another one
  // One that the pool has let go of and that is still closing has no listener of the pool's any more.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return { pool, end: once(() => pool.end()) };
}

/**
 * Runs `work` in one transaction, and gives the connection back; a connection in doubt is closed. A rejection means that
 * nothing was written, unless the connection was lost during the commit: then it may have been, but will not be any more once
 * this rejects (while `signal` is not aborted; default: for a minute). With the signal the connection is cut off.
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
  const lost = () => undefined; // the query that runs then says so
  client.on('error', lost);
  const giveUp = () => cutOff(client);
  signal?.addEventListener('abort', giveUp);
  let held = true;
  const letGo = (doubtful: boolean) => {
    if (!held) return;
    held = false;
    signal?.removeEventListener('abort', giveUp);
    client.off('error', lost);
    client.release(doubtful);
  };
  try {
    if (signal?.aborted) giveUp();
    const id = await begin(client);
    const result = await work(client);
    // The end of a commit is asked for over another connection, for which the pool may have no room but that of the lost one.
    await commit(pool, client, id, { signal, lost: () => letGo(true) });
    letGo(false);
    return result;
  } catch (error) {
    if (held) letGo(!(await rolledBack(client)));
    throw fromPostgres(error, doing);
  }
}

/** A server that does not answer is not waited for once more. */
const ROLLBACK = { text: 'ROLLBACK', query_timeout: GRACE_MS };

function rolledBack(client: PoolClient): Promise<boolean> {
  return client.query(ROLLBACK).then(
    () => true,
    () => false, // its connection is closed
  );
}

/**
 * What our sessions need, where the database does not say so itself: a checkpoint that a crash takes back would name events that the
 * source has already let go; and a process that is frozen within a transaction must not hold its locks for ever, or the instance
 * that takes over would wait for it. What nobody waits for any more must end in the server too, or its sessions would pile up.
 */
function prepareSession(client: PoolClient, statementTimeoutMs: number): Promise<unknown> {
  return client.query(`
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
UNION ALL
SELECT set_config('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION_MS}', false)
WHERE current_setting('idle_in_transaction_session_timeout') = '0'
UNION ALL
SELECT set_config('statement_timeout', '${statementTimeoutMs}', false) WHERE current_setting('statement_timeout') = '0'`);
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
