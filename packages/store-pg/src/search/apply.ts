import type { SearchChange, Version } from '@sluice/contracts';
import type { StoreConnection } from '../connection/store-connection.js';
import { type ChangeRow, documentBytes } from './document-columns.js';

/** What one statement takes. A larger batch takes several; what is made of the texts is several times their size. */
const MAX_CHANGES = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** The changes of one statement each, in the order of their ids. */
export function* statementsOf(changes: readonly SearchChange[]): Generator<SearchChange[]> {
  let gathered: SearchChange[] = [];
  let bytes = 0;
  for (const change of inOrder(changes)) {
    const size = documentBytes(change.document);
    if (gathered.length >= MAX_CHANGES || (gathered.length > 0 && bytes + size > MAX_BYTES)) {
      yield gathered;
      [gathered, bytes] = [[], 0];
    }
    gathered.push(change);
    bytes += size;
  }
  if (gathered.length > 0) yield gathered;
}

function inOrder(changes: readonly SearchChange[]): SearchChange[] {
  return changes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Writes the changes that are newer than what is there, and gives their ids.
 *
 * One statement, in the order of the ids: two appliers of the same documents wait for each other and never deadlock. Words
 * that did not change are left where they are, so that a change of other fields costs the index of words nothing.
 */
export async function writeDocuments(
  database: StoreConnection,
  index: number,
  rows: readonly ChangeRow[],
  adopt: boolean,
): Promise<ReadonlySet<string>> {
  const table = database.name('search_documents');
  const sql = `
INSERT INTO ${table} AS stored (index, id, epoch, version, document, fields, words, words_hash)
SELECT $1, id, epoch, version, document, fields::jsonb, array_to_tsvector(string_to_array(words, ' ')), words_hash
FROM unnest($2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[], $7::text[], $8::bytea[])
  AS given (id, epoch, version, document, fields, words, words_hash)
ORDER BY id COLLATE "C"
ON CONFLICT (index, id) DO UPDATE
SET epoch = excluded.epoch, version = excluded.version, document = excluded.document, fields = excluded.fields,
  words = CASE WHEN stored.words_hash = excluded.words_hash THEN stored.words ELSE excluded.words END,
  words_hash = excluded.words_hash
WHERE CASE WHEN stored.epoch = excluded.epoch THEN stored.version < excluded.version ELSE $9 END
RETURNING id`;
  const written = await database.rows<{ id: string }>('writing searched documents', sql, [
    index,
    rows.map(({ id }) => id),
    rows.map(({ epoch }) => epoch),
    rows.map(({ version }) => version),
    rows.map(({ document }) => document),
    rows.map(({ fields }) => fields),
    rows.map(({ lexemes }) => lexemes),
    rows.map(({ hash }) => hash),
    adopt,
  ]);
  return new Set(written.map(({ id }) => id));
}

/** An id, as its column has it, among those given that is there with another epoch. */
export async function ofAnotherEpoch(
  database: StoreConnection,
  index: number,
  rows: readonly Pick<ChangeRow, 'id' | 'epoch'>[],
): Promise<string | undefined> {
  if (rows.length === 0) return undefined;
  const sql = `
SELECT stored.id FROM ${database.name('search_documents')} AS stored
JOIN unnest($2::text[], $3::text[]) AS given (id, epoch) ON stored.id = given.id COLLATE "C"
WHERE stored.index = $1 AND stored.epoch <> given.epoch COLLATE "C" LIMIT 1`;
  const given = [index, rows.map(({ id }) => id), rows.map(({ epoch }) => epoch)];
  const [found] = await database.rows<{ id: string }>('comparing epochs', sql, given);
  return found?.id;
}

/** Of the changes of each document the one that counts, and those of another epoch than that. */
export function newestOfEach(changes: readonly SearchChange[], adopt: boolean) {
  const newest = new Map<string, SearchChange>();
  const foreign: SearchChange[] = [];
  for (const change of changes) {
    const before = newest.get(change.id);
    if (before && before.version.epoch !== change.version.epoch && !adopt) foreign.push(change);
    else if (before === undefined || isNewer(change.version, before.version)) newest.set(change.id, change);
  }
  return { newest: [...newest.values()], foreign };
}

/** Of another epoch: that which came later. */
function isNewer(version: Version, before: Version): boolean {
  return version.epoch !== before.epoch || version.value > before.value;
}
