import { escapeIdentifier, type QueryConfig } from 'pg';
import { named } from '../checkpoints/save-statement.js';
import type { Shape } from './row-change.js';
import type { Column, Table } from './table.js';

type Rows = readonly (readonly (string | null)[])[];

/** Deletes the rows of these keys. */
export function deleteRows({ name, key }: Table, rows: Rows): QueryConfig {
  return named(`DELETE FROM ${name.sql} AS t USING (${given(key)}) AS g WHERE ${sameKey(key)}`, transposed(key, rows));
}

/** Writes rows of one shape, each key once, also where there are none yet. Columns that the shape lacks stay as they are. */
export function upsertRows({ name, key }: Table, shape: Shape, rows: Rows): QueryConfig {
  const { columns } = shape;
  const changed = updatable(columns, key).map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const action = changed.length > 0 ? `UPDATE SET ${changed.join(', ')}` : 'NOTHING';
  const sql = `INSERT INTO ${name.sql} (${columns.map(quoted).join(', ')}) OVERRIDING SYSTEM VALUE ${given(columns)}
ON CONFLICT (${key.map(quoted).join(', ')}) DO ${action}`;
  return statement(shape, sql, transposed(columns, rows));
}

/** Writes rows of one shape where they are there. Its count of rows says how many are. */
export function updateRows({ name, key }: Table, shape: Shape, rows: Rows): QueryConfig {
  const { columns } = shape;
  const changed = updatable(columns, key).map((column) => `${quoted(column)} = ${at(columns.indexOf(column))}`);
  const from = `(${given(columns)}) AS g WHERE ${sameKey(columns, key)}`;
  const sql =
    changed.length > 0
      ? `UPDATE ${name.sql} AS t SET ${changed.join(', ')} FROM ${from}`
      : `SELECT FROM ${name.sql} AS t, ${from}`;
  return statement(shape, sql, transposed(columns, rows));
}

/** Writes rows over those of other keys. Its count of rows says how many are there. */
export function moveStatement({ name, key }: Table, shape: Shape, rows: Rows, from: Rows): QueryConfig {
  const columns = [...shape.columns, ...key];
  const changed = shape.columns.filter((column) => key.includes(column) || !column.identity);
  const set = changed.map((column) => `${quoted(column)} = ${at(shape.columns.indexOf(column))}`);
  const previous = key.map((column, n) => `t.${quoted(column)} = ${at(shape.columns.length + n)}`);
  const sql = `UPDATE ${name.sql} AS t SET ${set.join(', ')} FROM (${given(columns)}) AS g WHERE ${previous.join(' AND ')}`;
  return statement(shape, sql, [...transposed(shape.columns, rows), ...transposed(key, from)]);
}

/** Deletes the rows of the keys `from` where that of the key in `to` is there too, and is another one. */
export function deleteReplaced({ name, key }: Table, from: Rows, to: Rows): QueryConfig {
  const other = key.map((column, n) => `o.${quoted(column)} = ${at(key.length + n)}`).join(' AND ');
  const sql = `DELETE FROM ${name.sql} AS t USING (${given([...key, ...key])}) AS g, ${name.sql} AS o
WHERE ${sameKey(key)} AND ${other} AND NOT (${key.map((column) => `t.${quoted(column)} = o.${quoted(column)}`).join(' AND ')})`;
  return named(sql, [...transposed(key, from), ...transposed(key, to)]);
}

/** Finds the rows of these keys. */
export function findRows({ name, key }: Table, rows: Rows): QueryConfig {
  return named(`SELECT FROM ${name.sql} AS t, (${given(key)}) AS g WHERE ${sameKey(key)}`, transposed(key, rows));
}

function statement({ prepared }: Shape, text: string, values: unknown[]): QueryConfig {
  return prepared ? named(text, values) : { text, values };
}

/** The rows that the parameters hold, one array of texts for each column, in the order in which they were given. */
function given(columns: readonly Column[]): string {
  const arrays = columns.map((_, n) => `$${n + 1}::text[]`).join(', ');
  const names = columns.map((_, n) => `c${n}`);
  const values = columns.map((column, n) => `p.c${n}::${column.type} AS c${n}`).join(', ');
  return `SELECT ${values} FROM unnest(${arrays}) WITH ORDINALITY AS p (${names.join(', ')}, at) ORDER BY p.at`;
}

/** A column of the rows that are given, by its place. */
const at = (n: number) => `g.c${n}`;

function sameKey(columns: readonly Column[], key = columns): string {
  return key.map((column) => `t.${quoted(column)} = ${at(columns.indexOf(column))}`).join(' AND ');
}

function transposed(columns: readonly Column[], rows: Rows): (string | null)[][] {
  return columns.map((_, n) => rows.map((row) => row[n] ?? null));
}

function updatable(columns: readonly Column[], key: readonly Column[]): readonly Column[] {
  return columns.filter((column) => !key.includes(column) && !column.identity);
}

const quoted = ({ name }: Column) => escapeIdentifier(name);
