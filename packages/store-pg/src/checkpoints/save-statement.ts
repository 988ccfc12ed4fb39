import { createHash } from 'node:crypto';
import type { CheckpointWrite } from '@sluice/contracts';
import { escapeIdentifier, type QueryConfig } from 'pg';
import { CHECKPOINT_FORMAT } from './checkpoint-format.js';

/** What can run a statement: a pool, or a client within a transaction of its own. */
export interface Queryable {
  query(statement: QueryConfig): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/**
 * Saves in one statement: locks the rows whose fence is as given, in the order of their key, and writes only when these are
 * all. In a transaction of the caller's it is durable with that; on `fenced` the caller rolls back.
 */
export async function saveCheckpoints(
  on: Queryable,
  schema: string,
  writes: readonly CheckpointWrite[],
): Promise<'saved' | 'fenced'> {
  const last = lastOfEach(writes);
  if (last === undefined) return 'fenced';
  if (last.length === 0) return 'saved';
  const { rows } = await on.query(named(saveSql(schema), columns(last)));
  return Number(rows[0]?.['written']) === last.length ? 'saved' : 'fenced';
}

function saveSql(schema: string): string {
  const table = `${escapeIdentifier(schema)}.checkpoints`;
  return `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[])
    AS given (pipeline, sink, lane, fence, resume, within, identity)
), held AS (
  SELECT 1 FROM ${table} AS stored JOIN given USING (pipeline, sink, lane)
  WHERE stored.fence = given.fence
  ORDER BY pipeline, sink, lane FOR UPDATE OF stored
), written AS (
  UPDATE ${table} AS stored
  SET resume = given.resume, within = given.within, identity = given.identity, removed = given.resume IS NULL,
    format = ${CHECKPOINT_FORMAT}, updated_at = now()
  FROM given
  WHERE stored.pipeline = given.pipeline AND stored.sink = given.sink AND stored.lane = given.lane
    AND stored.fence = given.fence
    AND (SELECT count(*) FROM held) = (SELECT count(*) FROM given)
  RETURNING 1
)
SELECT count(*)::int AS written FROM written`;
}

/** The last write of each lane; `undefined` when two of one lane have different fences: one of them is stale. */
function lastOfEach(writes: readonly CheckpointWrite[]): readonly CheckpointWrite[] | undefined {
  if (writes.length < 2) return writes;
  const last = new Map<string, CheckpointWrite>();
  for (const write of writes) {
    const entry = JSON.stringify([write.pipeline, write.sink, write.lane]);
    if ((last.get(entry)?.fence ?? write.fence) !== write.fence) return undefined;
    last.set(entry, write);
  }
  return [...last.values()];
}

function columns(writes: readonly CheckpointWrite[]): unknown[] {
  return [
    writes.map(({ pipeline }) => pipeline),
    writes.map(({ sink }) => sink),
    writes.map(({ lane }) => lane),
    writes.map(({ fence }) => fence.toString()),
    writes.map(({ checkpoint }) => checkpoint?.position.resume ?? null),
    writes.map(({ checkpoint }) => checkpoint?.position.within ?? null),
    writes.map(({ checkpoint }) => checkpoint?.identity ?? null),
  ];
}

/** A prepared statement, named by what it says: one name never stands for two texts. */
export function named(text: string, values: unknown[]): QueryConfig {
  return { name: `sluice_${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`, text, values };
}
