import { ComponentError } from '@sluice/contracts';
import type { PoolClient } from 'pg';
import type { Moves, NetEffect } from './net-effect.js';
import type { Shape } from './row-change.js';
import { deleteReplaced, deleteRows, findRows, moveStatement, updateRows, upsertRows } from './statements.js';
import type { Table } from './table.js';

type Values = readonly (string | null)[];

/**
 * Brings a table to what a write makes of it, within a transaction of the caller's.
 *
 * @throws ComponentError `STORE_PG_ROW_MISSING` when a row of which not all values are known is not there.
 */
export async function writeRows(client: PoolClient, table: Table, { deletes, upserts }: NetEffect): Promise<void> {
  if (deletes.length > 0) await client.query(deleteRows(table, deletes));
  for (const [shape, rows] of upserts) {
    if (!shape.partial) {
      await client.query(upsertRows(table, shape, rows));
      continue;
    }
    const { rowCount } = await client.query(updateRows(table, shape, rows));
    if (rowCount === rows.length) continue;
    if (!(await isThere(client, table, keysOf(table, shape, rows)))) throw rowMissing(table);
  }
}

/**
 * Gives rows other keys, within a transaction of the caller's. Where the new key has its row already, as after a snapshot
 * that is newer than the change, that one takes the values, and the old one goes.
 *
 * @throws ComponentError `STORE_PG_ROW_MISSING` when a row is under neither key.
 */
export async function moveRows(client: PoolClient, table: Table, moves: Moves): Promise<void> {
  const [{ shape, values }] = moves;
  const rows = moves.map((move) => move.values);
  const from = moves.map((move) => move.from);
  const single = moves.length === 1;
  const replaced = single && (await client.query(deleteReplaced(table, from, keysOf(table, shape, rows)))).rowCount;
  if (!replaced) {
    const { rowCount } = await client.query(moveStatement(table, shape, rows, from));
    if (rowCount === moves.length || (await isThere(client, table, from))) return;
    if (!single) throw rowMissing(table);
  }
  await writeRows(client, table, { deletes: [], upserts: new Map([[shape, [values]]]) });
}

const keysOf = (table: Table, { columns }: Shape, rows: readonly Values[]) =>
  rows.map((values) => table.key.map((column) => values[columns.indexOf(column)] ?? null));

/**
 * A trigger may have kept Postgres from writing a row that is there. Asked of single rows alone: of several, some may be
 * two spellings of one, and such must be written in their order.
 */
async function isThere(client: PoolClient, table: Table, keys: readonly Values[]): Promise<boolean> {
  return keys.length === 1 && (await client.query(findRows(table, keys))).rowCount === 1;
}

function rowMissing({ name: { schema, table }, key }: Table): ComponentError {
  return new ComponentError('STORE_PG_ROW_MISSING', `${schema}.${table} lacks a row that was changed in part`, {
    details: { table: `${schema}.${table}`, columns: key.map(({ name }) => name) },
  });
}
