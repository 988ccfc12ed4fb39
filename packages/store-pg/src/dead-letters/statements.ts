import type { StoreConnection } from '../connection/store-connection.js';
import type { Condition } from './filter.js';

/** What a letter is read from. */
export const LETTER_COLUMNS = `id::text AS id, pipeline, sink, lane, resume, within::text AS within, status, parked, event, original,
  stage, cause_code, cause_message, attempts::text AS attempts, at`;

/** The statements of the dead-letter store. Whatever changes a letter notes it in the audit trail, in the same statement. */
export function deadLetterStatements({ name }: StoreConnection) {
  const table = name('dead_letters');
  const actions = name('dead_letter_actions');
  const tries = name('dead_letter_attempts');
  const open = `status IN ('waiting', 'requested')`;
  return {
    table,
    lock: `SELECT pg_advisory_xact_lock(hashtextextended('${table.replaceAll("'", "''")}', 0))`,
    put: `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::text[], $8::text[],
    $9::bytea[], $10::bytea[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::bigint[],
    $17::timestamptz[]) WITH ORDINALITY
    AS given (pipeline, sink, lane, resume, within, parked, event_id, event_key, event_hash, key_hash, event, original, stage,
      cause_code, cause_message, attempts, at, place)
), put AS (
  INSERT INTO ${table} AS stored (pipeline, sink, lane, resume, within, parked, event_id, event_key, event_hash, key_hash, event,
    original, stage, cause_code, cause_message, attempts, at)
  SELECT pipeline, sink, lane, resume, within, parked, event_id, event_key, event_hash, key_hash, event, original, stage,
    cause_code, cause_message, attempts, at
  FROM given ORDER BY place
  ON CONFLICT (pipeline, sink, event_hash) WHERE ${open} DO UPDATE
  -- One that only follows others of its key, and was not tried, tells nothing new.
  SET cause_code = CASE WHEN excluded.attempts > 0 THEN excluded.cause_code ELSE stored.cause_code END,
    cause_message = CASE WHEN excluded.attempts > 0 THEN excluded.cause_message ELSE stored.cause_message END,
    attempts = stored.attempts + excluded.attempts, parked = stored.parked OR excluded.parked, changed_at = now()
  RETURNING id, pipeline, cause_code
)
INSERT INTO ${actions} (letter, by, action, note) SELECT id, pipeline, 'put', cause_code FROM put ORDER BY id`,
    holdWaiting: `SELECT event_id FROM ${table} WHERE id = $1 AND status = 'waiting' FOR UPDATE`,
    edit: `
WITH edited AS (
  UPDATE ${table} SET event = $2, event_key = $3, key_hash = $4, changed_at = now() WHERE id = $1 RETURNING id
)
INSERT INTO ${actions} (letter, by, action) SELECT id, $5, 'edited' FROM edited`,
    request: ({ matches, order }: Condition) => `
WITH chosen AS (
  SELECT id, pipeline, sink, key_hash FROM ${table} ${matches} AND status = 'waiting' ${order}
), wanted AS (
  SELECT id FROM chosen
  UNION
  SELECT earlier.id FROM chosen JOIN ${table} AS earlier USING (pipeline, sink, key_hash)
  WHERE earlier.id < chosen.id AND earlier.status = 'waiting' AND EXISTS (
    SELECT FROM ${table} AS parked WHERE parked.pipeline = chosen.pipeline AND parked.sink = chosen.sink
      AND parked.key_hash = chosen.key_hash AND parked.parked AND parked.${open})
), ${changed("'requested'", `status = 'waiting'`)}`,
    discard: ({ matches, order }: Condition) => `
WITH wanted AS (SELECT id FROM ${table} ${matches} AND ${open} ${order}), ${changed("'discarded'", open)}`,
    resolve: `
WITH given AS (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    AS given (id, outcome, cause_code, cause_message, attempts)
), held AS (
  SELECT id FROM ${table} WHERE id = ANY ($1::bigint[]) AND status = 'requested' ORDER BY id FOR UPDATE
), resolved AS (
  UPDATE ${table} AS stored
  SET status = CASE given.outcome WHEN 'replayed' THEN 'replayed' ELSE 'waiting' END,
    cause_code = coalesce(given.cause_code, stored.cause_code),
    cause_message = coalesce(given.cause_message, stored.cause_message),
    attempts = stored.attempts + given.attempts, changed_at = now()
  FROM given JOIN held USING (id) WHERE stored.id = given.id
  RETURNING stored.id, given.outcome, given.cause_code
)
INSERT INTO ${actions} (letter, by, action, note) SELECT id, $6, outcome, cause_code FROM resolved ORDER BY id`,
    audit: `SELECT at, by, action, note FROM ${actions} WHERE letter = $1 ORDER BY id`,
    parkedKeys: `
SELECT DISTINCT event_key FROM ${table} WHERE pipeline = $1 AND sink = $2 AND parked AND ${open} AND event_key IS NOT NULL`,
    attempts: `SELECT event_id, attempts::text AS attempts FROM ${tries} WHERE pipeline = $1 AND sink = $2`,
    noteAttempts: `
WITH given AS (
  SELECT * FROM unnest($3::bytea[], $4::text[], $5::bigint[]) AS given (event_hash, event_id, attempts)
), forgotten AS (
  DELETE FROM ${tries} AS stored USING given
  WHERE stored.pipeline = $1 AND stored.sink = $2 AND stored.event_hash = given.event_hash AND given.attempts <= 0
)
INSERT INTO ${tries} (pipeline, sink, event_hash, event_id, attempts)
SELECT $1, $2, event_hash, event_id, attempts FROM given WHERE attempts > 0 ORDER BY event_hash
ON CONFLICT (pipeline, sink, event_hash) DO UPDATE SET attempts = excluded.attempts, noted_at = now()`,
    prune: `
WITH gone AS (
  DELETE FROM ${table} WHERE pipeline = $1 AND status IN ('replayed', 'discarded') AND changed_at < $2 RETURNING 1
)
SELECT count(*)::text AS count FROM gone`,
  };

  /** The end of a statement that gives the `wanted` letters another status, as far as they still are in `from`; $1 is by whom. */
  function changed(status: string, from: string): string {
    return `
held AS (
  SELECT id FROM ${table} WHERE id IN (SELECT id FROM wanted) AND ${from} ORDER BY id FOR UPDATE
), changed AS (
  UPDATE ${table} SET status = ${status}, changed_at = now() WHERE id IN (SELECT id FROM held) RETURNING id
), noted AS (
  INSERT INTO ${actions} (letter, by, action) SELECT id, $1, ${status} FROM changed ORDER BY id
)
SELECT count(*)::text AS count FROM changed`;
  }
}
