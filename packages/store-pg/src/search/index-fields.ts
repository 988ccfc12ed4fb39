import { ComponentError, type SearchFieldKind, type SearchFields, searchFieldKind } from '@sluice/contracts';
import type { StoreConnection } from '../connection/store-connection.js';
import { toColumn } from '../connection/text-column.js';

/** A field, and its number in the index. */
export interface NumberedField {
  readonly name: string;
  readonly number: number;
  readonly weight: number;
  readonly isText: boolean;
  /** As what it is filtered, sorted and counted; `text` when it is not. */
  readonly kind: SearchFieldKind;
}

/** The index as the database knows it. */
export interface NumberedIndex {
  readonly number: number;
  readonly fields: ReadonlyMap<string, NumberedField>;
}

/** Finds out the numbers of an index and its fields, and gives them to those that have none yet. */
export async function numberedIndex(
  database: StoreConnection,
  name: string,
  fields: SearchFields,
): Promise<NumberedIndex> {
  const table = database.name('search_indexes');
  const columns = [...Object.keys(fields)].map(toColumn);
  const select = `SELECT number, fields FROM ${table} WHERE name = $1`;
  let [row] = await database.rows<Row>('opening a search index', select, [toColumn(name)]);
  if (row === undefined || columns.some((column) => !row?.fields.includes(column))) {
    const insert = `
INSERT INTO ${table} AS stored (name, fields) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE
SET fields = stored.fields || ARRAY(SELECT field FROM unnest(excluded.fields) AS field WHERE field <> ALL (stored.fields))
RETURNING number, fields`;
    [row] = await database.rows<Row>('making a search index', insert, [toColumn(name), columns]);
  }
  const { number, fields: stored } = row as Row;
  const numbered = Object.entries(fields).map(([field, { kind, weight = 1 }]): [string, NumberedField] => {
    const place = stored.indexOf(toColumn(field));
    return [
      field,
      { name: field, number: place, weight, isText: kind === 'text', kind: searchFieldKind(fields, field) },
    ];
  });
  return { number, fields: new Map(numbered) };
}

interface Row {
  readonly number: number;
  readonly fields: readonly string[];
}

/** @throws ComponentError `OPTIONS_INVALID` for names and weights that there cannot be. */
export function checkFields(fields: SearchFields): SearchFields {
  for (const [name, { kind, weight = 1, keyword }] of Object.entries(fields)) {
    if (!KINDS.includes(kind)) throw invalid(`fields.${name}.kind: one of ${KINDS.join(', ')}`);
    if (name === '' || name.length > 200) throw invalid('fields: a name has 1 to 200 characters');
    if (!(Number.isFinite(weight) && weight > 0)) throw invalid(`fields.${name}.weight: give a number above 0`);
    if (keyword && kind !== 'text') throw invalid(`fields.${name}.keyword: for text only`);
  }
  return fields;
}

const KINDS: readonly SearchFieldKind[] = ['text', 'keyword', 'number', 'date', 'boolean'];

const invalid = (message: string) => new ComponentError('OPTIONS_INVALID', message);
