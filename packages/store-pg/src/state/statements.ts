import { ComponentError } from '@sluice/contracts';
import type { StoreConnection } from '../connection/store-connection.js';
import { toColumn } from '../connection/text-column.js';

/** The most characters of a scope: an index must take it. */
const MAX_SCOPE = 500;

/**
 * The statements of the state store.
 *
 * `write` counts what it could do, in the order of the hashes, so that two writers of the same keys wait for each other and never
 * deadlock over rows that are there. Rows are locked before their revision is compared a last time. The caller rolls back
 * when the count is short.
 */
export function stateStatements({ name }: StoreConnection) {
  const table = name('state');
  const inbox = name('inbox');
  const revision = `nextval('${name('state_revisions').replaceAll("'", "''")}')`;
  return {
    read: `SELECT key, value, revision::text AS revision FROM ${table} WHERE scope = $1 AND key_hash = ANY ($2::bytea[])`,
    scan: `
SELECT key, value, revision::text AS revision FROM ${table}
WHERE scope = $1 AND ($2::bytea IS NULL OR substring(key from 1 for 1000) >= substring($2::bytea from 1 for 1000) AND key > $2)
ORDER BY substring(key from 1 for 1000), key LIMIT $3`,
    write: `
WITH given AS (
  SELECT * FROM unnest($2::bytea[], $3::bytea[], $4::text[], $5::bigint[]) AS given (key_hash, key, value, expected)
), held AS (
  SELECT stored.key_hash FROM ${table} AS stored JOIN given USING (key_hash)
  WHERE stored.scope = $1 AND stored.revision = given.expected
  ORDER BY stored.key_hash FOR UPDATE OF stored
), updated AS (
  UPDATE ${table} AS stored SET value = given.value, revision = ${revision}, updated_at = now()
  FROM given JOIN held USING (key_hash)
  WHERE stored.scope = $1 AND stored.key_hash = given.key_hash AND given.value IS NOT NULL
  RETURNING 1
), removed AS (
  DELETE FROM ${table} AS stored USING given JOIN held USING (key_hash)
  WHERE stored.scope = $1 AND stored.key_hash = given.key_hash AND given.value IS NULL
  RETURNING 1
), inserted AS (
  INSERT INTO ${table} (scope, key_hash, key, value, revision)
  SELECT $1, key_hash, key, value, ${revision} FROM given WHERE expected = 0 AND value IS NOT NULL ORDER BY key_hash
  ON CONFLICT DO NOTHING
  RETURNING 1
), absent AS (
  SELECT 1 FROM given WHERE expected = 0 AND value IS NULL
    AND NOT EXISTS (SELECT FROM ${table} AS stored WHERE stored.scope = $1 AND stored.key_hash = given.key_hash)
)
SELECT ((SELECT count(*) FROM updated) + (SELECT count(*) FROM removed) + (SELECT count(*) FROM inserted)
  + (SELECT count(*) FROM absent))::int AS done`,
    see: `
INSERT INTO ${inbox} (scope, id_hash) SELECT $1, id_hash FROM unnest($2::bytea[]) AS given (id_hash) ORDER BY id_hash
ON CONFLICT DO NOTHING`,
    seen: `SELECT id_hash FROM ${inbox} WHERE scope = $1 AND id_hash = ANY ($2::bytea[])`,
    forget: `
WITH gone AS (DELETE FROM ${inbox} WHERE scope = $1 AND seen_at < $2 RETURNING 1) SELECT count(*)::text AS count FROM gone`,
  };
}

/** The scope as a column takes it. @throws ComponentError `OPTIONS_INVALID` */
export function checkScope(scope: string): string {
  if (scope.length <= MAX_SCOPE) return toColumn(scope);
  throw new ComponentError('OPTIONS_INVALID', `a scope has ${scope.length} characters, of ${MAX_SCOPE} at most`);
}
