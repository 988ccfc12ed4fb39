import { ComponentError } from '@sluice/contracts';
import type { Pool } from 'pg';
import type { TableName } from '../connection/table-name.js';
import { fromPostgres } from '../failure/postgres-errors.js';
import type { TextType } from './text-form.js';

/** A column that can be written. */
export interface Column extends TextType {
  readonly name: string;
  /** Quoted and with its schema, without length or precision: a cast to it cuts nothing off. */
  readonly type: string;
  /** Computed by the table itself: never written. */
  readonly generated: boolean;
  /** `GENERATED ALWAYS AS IDENTITY`: can be inserted, not updated. */
  readonly identity: boolean;
}

/** A table as the catalogue has it. */
export interface Table {
  readonly name: TableName;
  readonly columns: ReadonlyMap<string, Column>;
  readonly key: readonly Column[];
}

/**
 * Reads the columns of a table, and checks that `key` names one row.
 *
 * @throws ComponentError `STORE_PG_TABLE_UNKNOWN`, `STORE_PG_COLUMN_UNKNOWN`, `STORE_PG_KEY_NOT_UNIQUE`.
 */
export async function readTable(pool: Pool, name: TableName, key: readonly string[]): Promise<Table> {
  const rows = await ask<ColumnRow>(pool, COLUMNS, name);
  if (rows.length === 0) {
    throw new ComponentError('STORE_PG_TABLE_UNKNOWN', `there is no table ${name.schema}.${name.table}`);
  }
  const columns = new Map(rows.map((row) => [row.name, columnOf(row)]));
  const keyColumns = key.map((column) => columns.get(column) ?? unknownColumn(name, column));
  const wanted = [...key].sort().join('\0');
  const indexes = await ask<{ columns: string[] }>(pool, UNIQUE_INDEXES, name);
  if (!indexes.some((index) => [...index.columns].sort().join('\0') === wanted)) {
    throw new ComponentError('STORE_PG_KEY_NOT_UNIQUE', `${name.schema}.${name.table}: ${key.join(', ')}`);
  }
  return { name, columns, key: keyColumns };
}

/** @throws ComponentError `STORE_PG_COLUMN_UNKNOWN`, always. */
export function unknownColumn({ schema, table }: TableName, column: string): never {
  throw new ComponentError('STORE_PG_COLUMN_UNKNOWN', `${schema}.${table} has no column ${column}`, {
    details: { table: `${schema}.${table}`, column },
  });
}

async function ask<Row extends object>(pool: Pool, sql: string, { schema, table }: TableName): Promise<Row[]> {
  try {
    return (await pool.query<Row>(sql, [schema, table])).rows;
  } catch (error) {
    throw fromPostgres(error, `reading the columns of ${schema}.${table}`);
  }
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly generated: boolean;
  readonly identity: boolean;
  readonly json: boolean;
  readonly delimiter: string | null;
  readonly json_elements: boolean;
}

function columnOf({ name, type, generated, identity, json, delimiter, json_elements }: ColumnRow): Column {
  const element = delimiter === null ? {} : { element: { delimiter, type: { json: json_elements } } };
  return { name, type, generated, identity, json, ...element };
}

// A domain is written as the type beneath it. An array is a type of variable length that is subscripted as arrays are.
const COLUMNS = `
SELECT a.attname::text AS name, quote_ident(tn.nspname) || '."' || replace(t.typname, '"', '""') || '"' AS type,
  a.attgenerated <> '' AS generated, a.attidentity = 'a' AS identity,
  base.oid IN (114, 3802) AS json,
  element.typdelim::text AS delimiter, coalesce(element.oid IN (114, 3802), false) AS json_elements
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN LATERAL (
  WITH RECURSIVE beneath AS (
    SELECT t.oid AS type, t.typtype AS kind, t.typbasetype AS next
    UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM beneath JOIN pg_type b ON b.oid = beneath.next WHERE beneath.kind = 'd'
  ) SELECT type FROM beneath WHERE kind <> 'd'
) AS found ON true
JOIN pg_type base ON base.oid = found.type
LEFT JOIN pg_type element ON element.oid = base.typelem AND base.typlen = -1 AND base.typcategory = 'A'
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
ORDER BY a.attnum`;

// ON CONFLICT takes no partial index, no index on an expression, and no constraint that may be deferred.
const UNIQUE_INDEXES = `
SELECT (
  SELECT array_agg(a.attname::text)
  FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, at) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
  WHERE k.at <= i.indnkeyatts
) AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL`;
