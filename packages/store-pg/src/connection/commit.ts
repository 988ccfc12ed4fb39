import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { fromPostgres } from '../failure/postgres-errors.js';

/** A transaction's number; undefined on a server that only reads. */
export type TransactionId = string | undefined;

/** Begins a transaction and learns its number, in one round trip. */
export async function begin(client: PoolClient): Promise<TransactionId> {
  const answers = await client.query<{ id: string | null }>(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_xact_id()::text END AS id`,
  );
  const answer = (answers as unknown as (typeof answers)[])[1];
  return answer?.rows[0]?.id ?? undefined;
}

/** What a commit needs for the case that its answer is lost. */
export interface Doubt {
  /** Ends the questions. Default: after a minute. */
  readonly signal: AbortSignal | undefined;
  /** Hears of it before the first question: the connection is of no more use. */
  readonly lost: () => void;
}

/**
 * Commits. Resolves only when the transaction is durable, rejects only when it is not: where the answer to COMMIT is lost
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

async function outcomeOf(pool: Pool, id: string, signal: AbortSignal): Promise<string | null> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      const { rows } = await pool.query<{ status: string | null }>(OUTCOME, [id]);
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
SELECT pg_xact_status($1::xid8) AS status, (
  SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE backend_xid = $1::xid8::xid AND state LIKE 'idle in transaction%'
)`;
