import { escapeIdentifier, type QueryConfig } from 'pg';
import { named } from '../checkpoints/save-statement.js';
import type { Shape } from './row-change.js';
import type { Column, Table } from './table.js';

type Rows = readonly (readonly (string | null)[])[];

/** Deletes the rows of these keys. */
export function deleteRows({ name, key }: Table, rows: Rows): QueryConfig {
  const sql = `DELETE FROM ${name.sql} AS t USING (${given(key)}) AS g WHERE ${key.map(same).join(' AND ')}`;
  return named(sql, transposed(key, rows));
}

/** Writes rows of one shape, each key once. Columns that the shape lacks stay as they are. */
export function upsertRows(table: Table, shape: Shape, rows: Rows): QueryConfig {
  return named(
    shape.partial ? partialUpsertSql(table, shape) : upsertSql(table, shape),
    transposed(shape.columns, rows),
  );
}

function upsertSql({ name, key }: Table, { columns }: Shape): string {
  const changed = updatable(columns, key).map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const action = changed.length > 0 ? `UPDATE SET ${changed.join(', ')}` : 'NOTHING';
  return `INSERT INTO ${name.sql} (${columns.map(quoted).join(', ')}) OVERRIDING SYSTEM VALUE ${given(columns)}
ON CONFLICT (${key.map(quoted).join(', ')}) DO ${action}`;
}

/** By UPDATE first: an INSERT would trip over a NOT NULL column that is not known, even where the row is there. */
function partialUpsertSql({ name, key }: Table, { columns }: Shape): string {
  const changed = updatable(columns, key).map((column) => `${quoted(column)} = g.${quoted(column)}`);
  const assigned =
    changed.length > 0 ? changed : key.slice(0, 1).map((column) => `${quoted(column)} = g.${quoted(column)}`);
  const found = key.map((column) => `u.${quoted(column)} = g.${quoted(column)}`).join(' AND ');
  return `WITH g AS MATERIALIZED (${given(columns)}), u AS (
  UPDATE ${name.sql} AS t SET ${assigned.join(', ')} FROM g WHERE ${key.map(same).join(' AND ')}
  RETURNING ${key.map((column) => `t.${quoted(column)}`).join(', ')}
)
INSERT INTO ${name.sql} (${columns.map(quoted).join(', ')}) OVERRIDING SYSTEM VALUE
SELECT ${columns.map((column) => `g.${quoted(column)}`).join(', ')} FROM g WHERE NOT EXISTS (SELECT FROM u WHERE ${found})`;
}

/** The rows that the parameters hold, one array of texts for each column, in the order in which they were given. */
function given(columns: readonly Column[]): string {
  const arrays = columns.map((_, at) => `$${at + 1}::text[]`).join(', ');
  const names = columns.map((_, at) => `c${at}`);
  const values = columns.map((column, at) => `p.c${at}::${column.type} AS ${quoted(column)}`).join(', ');
  return `SELECT ${values} FROM unnest(${arrays}) WITH ORDINALITY AS p (${names.join(', ')}, at) ORDER BY p.at`;
}

function transposed(columns: readonly Column[], rows: Rows): (string | null)[][] {
  return columns.map((_, at) => rows.map((row) => row[at] ?? null));
}

function updatable(columns: readonly Column[], key: readonly Column[]): readonly Column[] {
  return columns.filter((column) => !key.includes(column) && !column.identity);
}

const quoted = ({ name }: Column) => escapeIdentifier(name);
const same = (column: Column) => `t.${quoted(column)} = g.${quoted(column)}`;
