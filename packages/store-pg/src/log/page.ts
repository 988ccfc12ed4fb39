import { ComponentError, type Envelope } from '@sluice/contracts';
import type { Pool } from 'pg';
import { type EventRow, eventsFromRows } from './event-record.js';
import { type LogDatabase, rowsOf } from './log-database.js';
import { type Topic, topicMissing } from './topics.js';

/** One partition of a topic. */
export interface Partition {
  readonly topic: Topic;
  readonly partition: number;
}

/** What of a partition is left. */
export interface Extent {
  /** The oldest event. */
  readonly first: number;
  /** The event that comes next. */
  readonly next: number;
}

/** Which part of a partition is read. */
export interface PageRequest {
  /** The first offset. */
  readonly from: number;
  /** The offset after the last one, at most. */
  readonly before: number;
  /** The events take no more than this, unless the first one does. */
  readonly maxBytes: number;
}

/** Events without a gap, from the offset that was asked for. */
export interface Page {
  readonly events: readonly Envelope<Uint8Array>[];
  readonly bytes: number;
}

/** Reads pages of one partition. */
export function pageReader(database: LogDatabase, { topic, partition }: Partition) {
  const eventOf = eventsFromRows();
  const sql = `
SELECT first_offset::text AS first, next_offset::text AS next, page.* FROM ${database.table('log_partitions')} AS stored
LEFT JOIN LATERAL (
  SELECT log_offset::text AS log_offset, id, type, source, key, time_ms::text AS time_ms, epoch, version::text AS version, headers, data, bytes
  FROM (
    SELECT *, sum(bytes) OVER (ORDER BY log_offset) AS running FROM ${database.table('log_events')}
    WHERE topic = $1 AND partition = $2 AND log_offset >= $3 AND log_offset < $4
  ) AS candidates
  WHERE running <= $5 OR log_offset = $3 ORDER BY candidates.log_offset
) AS page ON true
WHERE stored.topic = $1 AND stored.partition = $2`;

  /** @throws ComponentError `STORE_PG_LOG_TRIMMED`, `STORE_PG_LOG_AHEAD`, `STORE_PG_LOG_TOPIC_MISSING`, `STORE_PG_*` */
  return async (pool: Pool, { from, before, maxBytes }: PageRequest): Promise<Page> => {
    const given = [topic.id, partition, from, before, maxBytes];
    const rows = await rowsOf<PageRow>(pool, `reading the topic ${topic.name}`, sql, given);
    const [head] = rows;
    if (head === undefined) throw topicMissing(topic.name);
    const next = Number(head.next);
    checkReadable({ topic, partition }, from, { first: Number(head.first), next });
    if (head.log_offset === null && from === next) return { events: [], bytes: 0 };
    // Rows that someone removed by hand are as lost as trimmed ones.
    const gap = gapIn(rows, from);
    if (gap !== undefined) throw trimmed({ topic, partition }, gap, Number(rows[gap - from]?.log_offset ?? next));
    const events: Envelope<Uint8Array>[] = [];
    let bytes = 0;
    for (const row of rows as readonly EventRow[]) {
      events.push(eventOf(row));
      bytes += row.bytes;
    }
    return { events, bytes };
  };
}

/** The first offset that should be among the rows, and is not. */
function gapIn(rows: readonly PageRow[], from: number): number | undefined {
  const at = rows.findIndex(({ log_offset: offset }, nth) => Number(offset ?? Number.NaN) !== from + nth);
  return at < 0 ? undefined : from + at;
}

/** Where partitions begin and end. */
export async function extents(
  pool: Pool,
  database: LogDatabase,
  partitions: readonly Partition[],
): Promise<readonly Extent[]> {
  const sql = `
SELECT first_offset::text AS first, next_offset::text AS next
FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY AS given (topic, partition, nth)
JOIN ${database.table('log_partitions')} USING (topic, partition) ORDER BY nth`;
  const rows = await rowsOf<{ first: string; next: string }>(pool, 'reading where partitions end', sql, [
    partitions.map(({ topic }) => topic.id),
    partitions.map(({ partition }) => partition),
  ]);
  const [some] = partitions;
  if (some && rows.length < partitions.length) throw topicMissing(some.topic.name);
  return rows.map(({ first, next }) => ({ first: Number(first), next: Number(next) }));
}

/** @throws ComponentError `STORE_PG_LOG_TRIMMED`, `STORE_PG_LOG_AHEAD` unless reading may begin with `from`. */
export function checkReadable(partition: Partition, from: number, { first, next }: Extent): void {
  if (from < first) throw trimmed(partition, from, first);
  if (from <= next) return;
  throw new ComponentError('STORE_PG_LOG_AHEAD', `${laneOf(partition)} ends at ${next}, before offset ${from}`, {
    details: { lane: laneOf(partition), offset: from, next },
  });
}

/** The name of a partition's lane. */
export function laneOf({ topic, partition }: Partition): string {
  return `${topic.name}/${partition}`;
}

type PageRow = { readonly first: string; readonly next: string } & (EventRow | { readonly log_offset: null });

function trimmed(partition: Partition, from: number, first: number): ComponentError {
  return new ComponentError('STORE_PG_LOG_TRIMMED', `${laneOf(partition)} begins at ${first}, after offset ${from}`, {
    details: { lane: laneOf(partition), offset: from, first },
  });
}
