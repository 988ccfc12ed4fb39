import { searchWords } from '@sluice/contracts';
import type { StoreConnection } from '../connection/store-connection.js';
import { fromColumn, toColumn } from '../connection/text-column.js';
import { fieldOf } from './conditions.js';
import type { NumberedIndex } from './index-fields.js';
import { lexemeOf, lexemesFrom } from './lexemes.js';
import { allOf, quoted } from './text-query.js';

/** Words of a beginning that are looked at. */
const MAX_WORDS = 32;

/** The most frequent values of a text field that have all words but the last as they are, and one that begins as the last. */
export async function suggestions(
  database: StoreConnection,
  index: NumberedIndex,
  beginning: string,
  name: string,
  limit: number,
): Promise<readonly string[]> {
  const words = searchWords(beginning).slice(0, MAX_WORDS);
  const last = words.pop();
  if (last === undefined) return [];
  const field = fieldOf(index, name);
  const query = allOf([
    ...words.map((word) => quoted(lexemeOf(index.number, field.number, word))),
    lexemesFrom(index.number, field.number, last),
  ]);
  // What is no keyword is found in the document alone.
  const isKeyword = field.kind === 'keyword';
  const value = isKeyword ? `d.fields->>'${field.number}'` : 'd.document::json->>$4::text';
  const sql = `
SELECT value FROM (
  SELECT ${value} AS value FROM ${database.name('search_documents')} AS d WHERE d.words @@ $1::tsquery AND d.index = $2
) AS found GROUP BY value ORDER BY count(*) DESC, value COLLATE "C" LIMIT $3`;
  const values = [query, index.number, limit, ...(isKeyword ? [] : [toColumn(name)])];
  const rows = await database.rows<{ value: string }>('suggesting', sql, values);
  return rows.map(({ value }) => fromColumn(value));
}
