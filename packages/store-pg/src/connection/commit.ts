import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { fromPostgres } from '../failure/postgres-errors.js';

/** A transaction's number, and the history that it is a part of; undefined on a server that only reads. */
export type TransactionId = { readonly xid: string; readonly timeline: string } | undefined;

/**
 * Another timeline has other transactions under the same numbers: one that took over, and had not received ours, gives its
 * number away again. A server that was promoted a moment ago says so in the second place.
 */
const TIMELINE = `(SELECT greatest(c.timeline_id, r.min_recovery_end_timeline) FROM pg_control_checkpoint() AS c, pg_control_recovery() AS r)::text`;

/** Begins a transaction and learns its number, in one round trip. */
export async function begin(client: PoolClient): Promise<TransactionId> {
  const answers = await client.query<{ xid: string | null; timeline: string }>(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_xact_id()::text END AS xid, ${TIMELINE} AS timeline`,
  );
  const row = (answers as unknown as (typeof answers)[])[1]?.rows[0];
  return row && row.xid !== null ? { xid: row.xid, timeline: row.timeline } : undefined;
}

/** What a commit needs for the case that its answer is lost. */
export interface Doubt {
  /** Ends the questions. Default: after a minute. */
  readonly signal: AbortSignal | undefined;
  /** Hears of it before the first question: the connection is of no more use. */
  readonly lost: () => void;
}

/**
 * Commits. Resolves only when the transaction is durable, rejects only when it is not, or when nobody can say (another server has
 * taken over since): where the answer to COMMIT is lost
 * with the connection, the server is asked what became of it (Postgres 18, functions-info, "pg_xact_status"), over another
 * connection, for as long as it takes or until the signal is aborted.
 */
export async function commit(pool: Pool, client: PoolClient, id: TransactionId, doubt: Doubt): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    if (id === undefined || hasAnswered(error)) throw error;
    doubt.lost();
    const signal = doubt.signal ?? AbortSignal.timeout(DOUBT_MS);
    if ((await outcomeOf(pool, id, signal)) !== 'committed') throw error;
  }
}

/** The server has said no, rather than gone away in the middle. */
function hasAnswered(error: unknown): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && severity === 'ERROR';
}

/** How long the outcome of a commit is asked for where nobody says when to stop, in milliseconds. */
const DOUBT_MS = 60_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** Null where it can't be known any more. */
async function outcomeOf(pool: Pool, id: NonNullable<TransactionId>, signal: AbortSignal): Promise<string | null> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      const { rows } = await pool.query<{ status: string | null }>(OUTCOME, [id.xid, id.timeline]);
      const status = rows[0]?.status ?? null;
      if (status !== 'in progress') return status;
    } catch (error) {
      // A server that cannot be reached is asked again; one that refuses the question will not answer it later.
      if (pool.ending || fromPostgres(error, 'asking for the outcome of a commit').retry === 'operator') throw error;
    }
    await pause(ms, undefined, { signal });
  }
}

/** A session that still waits for its COMMIT, over a connection that is gone, is ended; then it has an outcome. */
const OUTCOME = `
SELECT CASE WHEN ${TIMELINE} = $2 THEN pg_xact_status($1::xid8) END AS status, (
  SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE backend_xid = $1::xid8::xid AND state LIKE 'idle in transaction%' AND ${TIMELINE} = $2
)`;
