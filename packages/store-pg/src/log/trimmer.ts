import { isComponentError } from '@sluice/contracts';
import type { Pool } from 'pg';
import { type LogDatabase, rowsOf } from './log-database.js';
import type { LogRetention } from './log-options.js';

/** What a trim has removed. */
export interface TrimReport {
  readonly events: number;
  readonly bytes: number;
}

/** Events that one statement removes, at most: so long, and no longer, does an append to the partition wait. */
const MAX_REMOVED = 5_000;

/**
 * Removes what retention does not keep: of each partition, from its beginning, the events that were appended longer ago
 * than `ageMs`, and the oldest ones while it keeps more than `bytes`. Never one in the middle, and never the newest one
 * for its size. Whether groups have read them does not count: a reader that comes too late gets `STORE_PG_LOG_TRIMMED`.
 */
export class Trimmer {
  #next = 0;
  #running: Promise<unknown> | undefined;

  constructor(
    private readonly database: LogDatabase,
    private readonly retention: Required<LogRetention>,
  ) {}

  /** Once in a while, trims all topics beside what else goes on. A failure is told, and tried again another time. */
  look(notice: (message: string) => void): void {
    const now = performance.now();
    if (now < this.#next || this.#running) return;
    this.#next = now + this.retention.everyMs;
    this.#running = this.#inBackground(notice).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when no trim is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Trims all topics, now. */
  async trim(pool: Pool): Promise<TrimReport> {
    const sum = { events: 0, bytes: 0 };
    for (const [topic, partition] of await this.#due(pool)) {
      for (;;) {
        const removed = await this.#remove(pool, topic, partition);
        sum.events += removed.events;
        sum.bytes += removed.bytes;
        if (removed.events < MAX_REMOVED) break;
      }
    }
    return sum;
  }

  async #inBackground(notice: (message: string) => void): Promise<void> {
    try {
      const use = await this.database.enter();
      try {
        await this.trim(use.pool);
      } finally {
        await use.leave();
      }
    } catch (error) {
      notice(`the log was not trimmed (${isComponentError(error) ? error.code : 'unknown'}); tried again later`);
    }
  }

  async #due(pool: Pool): Promise<readonly (readonly [number, number])[]> {
    const sql = `
SELECT topic, partition FROM ${this.database.table('log_partitions')} AS stored
WHERE next_offset > first_offset AND (bytes > $1 OR EXISTS (
  SELECT FROM ${this.database.table('log_events')} AS oldest
  WHERE oldest.topic = stored.topic AND oldest.partition = stored.partition AND log_offset = first_offset
    AND appended_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
))`;
    const given = [this.retention.bytes, this.retention.ageMs];
    const rows = await rowsOf<{ topic: number; partition: number }>(pool, 'looking for what to trim', sql, given);
    return rows.map(({ topic, partition }) => [topic, partition]);
  }

  /**
   * The row of the partition is locked last, so that appends wait for the commit alone. Of two that trim at once one
   * finds nothing left; the offset that it computed is the same or lower.
   */
  async #remove(pool: Pool, topic: number, partition: number): Promise<TrimReport> {
    const events = this.database.table('log_events');
    const partitions = this.database.table('log_partitions');
    const sql = `
WITH oldest AS MATERIALIZED (
  SELECT log_offset, appended_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000) AS old,
    stored.bytes - sum(one.bytes) OVER (ORDER BY log_offset) + one.bytes > $4 AND log_offset < next_offset - 1 AS surplus
  FROM ${partitions} AS stored JOIN ${events} AS one USING (topic, partition)
  WHERE topic = $1 AND partition = $2 AND log_offset >= first_offset AND log_offset < first_offset + ${MAX_REMOVED}
), kept AS (
  SELECT coalesce(min(log_offset) FILTER (WHERE NOT old AND NOT surplus), max(log_offset) + 1) AS cut FROM oldest
), gone AS (
  DELETE FROM ${events} WHERE topic = $1 AND partition = $2 AND log_offset < (SELECT cut FROM kept) RETURNING bytes
), summed AS MATERIALIZED (
  SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM gone
), moved AS (
  UPDATE ${partitions} AS stored SET first_offset = greatest(first_offset, cut), bytes = stored.bytes - summed.bytes
  FROM kept, summed WHERE topic = $1 AND partition = $2 AND summed.events > 0
)
SELECT events::integer AS events, bytes::float8 AS bytes FROM summed`;
    const { ageMs, bytes } = this.retention;
    const [removed] = await rowsOf<TrimReport>(pool, 'trimming the log', sql, [topic, partition, ageMs, bytes]);
    return removed ?? { events: 0, bytes: 0 };
  }
}
