import type { PoolClient } from 'pg';
import type { EventRecord } from './event-record.js';
import { type LogDatabase, rowsOf } from './log-database.js';
import { partitionOfKey } from './partition-of-key.js';
import { type Topic, topicMissing } from './topics.js';

/** An event, and where it goes. */
export interface Placed {
  readonly topic: Topic;
  readonly partition: number;
  readonly record: EventRecord;
}

/** The most events and bytes of one statement. */
const MAX_EVENTS = 5_000;
const MAX_BYTES = 16 * 1024 * 1024;

let turn = 0;

/** Gives events their partitions: by key, and those without one to the partitions in turn, those of one call together. */
export function placeOf(topic: Topic): (key: string | undefined, record: EventRecord) => Placed {
  let keyless: number | undefined;
  return (key, record) => {
    if (key !== undefined) return { topic, partition: partitionOfKey(key, topic.partitions), record };
    keyless ??= turn++ % topic.partitions;
    return { topic, partition: keyless, record };
  };
}

/** Whether so many events, of so many bytes in all, are one statement. */
export function fitsStatement(events: number, bytes: number): boolean {
  return events <= MAX_EVENTS && bytes <= MAX_BYTES;
}

/** Parts that fit a statement, in order. */
export function portions(events: readonly Placed[]): Placed[][] {
  const all: Placed[][] = [];
  let bytes = 0;
  for (const event of events) {
    const last = all.at(-1);
    bytes += event.record.bytes;
    if (last && fitsStatement(last.length + 1, bytes)) {
      last.push(event);
      continue;
    }
    all.push([event]);
    bytes = event.record.bytes;
  }
  return all;
}

/** Where a partition's first event of an append went. */
export interface Begun {
  readonly topic: number;
  readonly partition: number;
  readonly base: number;
}

/**
 * Appends within a transaction, a statement for each portion. The rows of the partitions are locked first, all of them
 * and in one order: two appends never wait for each other crosswise, and offsets show in the order in which they were
 * given. Whoever reads the partitions is notified with the commit.
 *
 * @throws ComponentError `STORE_PG_LOG_TOPIC_MISSING`, `STORE_PG_*`
 */
export async function append(
  client: PoolClient,
  database: LogDatabase,
  events: readonly Placed[],
): Promise<readonly Begun[]> {
  const parts = portions(events);
  if (parts.length > 1) await lockAll(client, database, events);
  const begun: Begun[] = [];
  for (const part of parts) {
    const rows = await rowsOf<{ topic: number; partition: number; base: string }>(
      client,
      'appending to the log',
      appendSql(database),
      [...columns(part), database.channel],
    );
    const there = new Set(rows.map(({ topic, partition }) => `${topic}/${partition}`));
    const lost = part.find(({ topic, partition }) => !there.has(`${topic.id}/${partition}`));
    if (lost) throw topicMissing(lost.topic.name);
    for (const { topic, partition, base } of rows) begun.push({ topic, partition, base: Number(base) });
  }
  return begun;
}

async function lockAll(client: PoolClient, database: LogDatabase, events: readonly Placed[]): Promise<void> {
  const sql = `
SELECT count(*) FROM (
  SELECT 1 FROM ${database.table('log_partitions')} AS stored
  JOIN (SELECT DISTINCT * FROM unnest($1::integer[], $2::integer[]) AS one (topic, partition)) AS given USING (topic, partition)
  ORDER BY topic, partition FOR NO KEY UPDATE OF stored
) AS held`;
  await rowsOf(client, 'locking partitions of the log', sql, [
    events.map(({ topic }) => topic.id),
    events.map(({ partition }) => partition),
  ]);
}

function columns(events: readonly Placed[]): unknown[] {
  return [
    events.map(({ topic }) => topic.id),
    events.map(({ partition }) => partition),
    events.map(({ record }) => record.id),
    events.map(({ record }) => record.type),
    events.map(({ record }) => record.source),
    events.map(({ record }) => record.key),
    events.map(({ record }) => record.time),
    events.map(({ record }) => record.epoch),
    events.map(({ record }) => record.version),
    events.map(({ record }) => record.headers),
    events.map(({ record }) => record.data),
    events.map(({ record }) => record.bytes),
  ];
}

function appendSql(database: LogDatabase): string {
  const partitions = database.table('log_partitions');
  return `
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::integer[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
    $9::numeric[], $10::text[], $11::bytea[], $12::integer[]) WITH ORDINALITY
    AS given (topic, partition, id, type, source, key, time_ms, epoch, version, headers, data, bytes, nth)
), sums AS MATERIALIZED (
  SELECT topic, partition, count(*) AS events, sum(bytes) AS bytes FROM given GROUP BY topic, partition
), held AS MATERIALIZED (
  SELECT topic, partition, events, sums.bytes FROM ${partitions} AS stored JOIN sums USING (topic, partition)
  ORDER BY topic, partition FOR NO KEY UPDATE OF stored
), heads AS (
  UPDATE ${partitions} AS stored
  SET next_offset = stored.next_offset + held.events, bytes = stored.bytes + held.bytes
  FROM held WHERE stored.topic = held.topic AND stored.partition = held.partition
  RETURNING stored.topic, stored.partition, stored.next_offset - held.events AS base
), added AS (
  INSERT INTO ${database.table('log_events')}
    (topic, partition, log_offset, id, type, source, key, time_ms, epoch, version, headers, data, bytes)
  SELECT topic, partition, base + row_number() OVER (PARTITION BY topic, partition ORDER BY nth) - 1,
    id, type, source, key, time_ms, epoch, version, headers, data, bytes
  FROM given JOIN heads USING (topic, partition)
)
SELECT topic, partition, base::text AS base, pg_notify($13, topic || '/' || partition) FROM heads`;
}
