import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { fromPostgres } from '../failure/postgres-errors.js';

/**
 * What tells a transaction from all others, as `pg_stat_activity` shows it: its session and its beginning. Its number does not: a
 * server that crashed gives the numbers away again of which nothing had reached the disk.
 */
export interface TransactionId {
  readonly pid: number;
  /** In seconds since 1970, to the microsecond: a date would be read by the settings of another session. */
  readonly beginning: string;
}

/** Begins a transaction and learns which it is, in one round trip. */
export async function begin(client: PoolClient): Promise<TransactionId> {
  const answers = await client.query<{ pid: number; beginning: string }>(
    'BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_backend_pid() AS pid, extract(epoch FROM transaction_timestamp())::text AS beginning',
  );
  return (answers as unknown as (typeof answers)[])[1]?.rows[0] as TransactionId;
}

/** What a commit needs for the case that its answer is lost. */
export interface Doubt {
  /** Ends the questions. Default: after a minute. */
  readonly signal: AbortSignal | undefined;
  /** Hears of it before the first question: the connection is of no more use. */
  readonly lost: () => void;
}

/**
 * Commits; resolves only when the transaction is durable. Where the answer to COMMIT is lost with the connection, nobody can say what
 * became of it but what was written: this rejects then, yet not before the transaction is over, so that whoever looks sees all
 * of it or nothing, for good. The server is asked, over another connection, for as long as it takes or until the signal is aborted.
 */
export async function commit(pool: Pool, client: PoolClient, id: TransactionId, doubt: Doubt): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    if (!hasAnswered(error)) {
      doubt.lost();
      await over(pool, id, doubt.signal ?? AbortSignal.timeout(DOUBT_MS));
    }
    throw error;
  }
}

/** The server has said no, rather than gone away in the middle. */
function hasAnswered(error: unknown): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && severity === 'ERROR';
}

/** How long the end of a transaction is asked for where nobody says when to stop, in milliseconds. */
const DOUBT_MS = 60_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

async function over(pool: Pool, { pid, beginning }: TransactionId, signal: AbortSignal): Promise<void> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      if ((await pool.query(UNDER_WAY, [pid, beginning])).rows.length === 0) return;
    } catch (error) {
      // A server that cannot be reached is asked again; one that refuses the question will not answer it later.
      if (pool.ending || fromPostgres(error, 'asking for the end of a commit').retry === 'operator') throw error;
    }
    await pause(ms, undefined, { signal });
  }
}

/**
 * A session that still waits for its COMMIT, over a connection that is gone, is ended. Of one that shows nothing of itself
 * (`track_activities` is off) it is not known what it does: its own end is waited for, which follows.
 */
const UNDER_WAY = `
SELECT CASE WHEN state LIKE 'idle in transaction%' THEN pg_terminate_backend(pid) END FROM pg_stat_activity
WHERE pid = $1 AND (extract(epoch FROM xact_start)::numeric = $2::numeric
  OR state = 'disabled' AND extract(epoch FROM backend_start)::numeric <= $2::numeric)`;
