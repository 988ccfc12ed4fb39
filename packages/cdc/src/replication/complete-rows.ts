import type pg from 'pg';
import { query } from '../connection/connect.js';
import { quoteName, quoteTable } from '../connection/quote.js';
import type { IncompleteRow } from '../pgoutput/incomplete-row.js';
import { setColumn } from '../pgoutput/interpreted-row-reader.js';
import { valueReader } from '../values/by-type.js';
import { valueText } from '../values/value-text.js';
import type { WireBuffer } from '../wire/bytes.js';

/**
 * Reads the missing values from the tables as they are now. A value may be newer than the change that it completes; then the
 * change that made it follows. A row that is gone stays as it is: its deletion, or its next key, follows.
 */
export async function completeRows(client: pg.Client, rows: readonly IncompleteRow[]): Promise<void> {
  for (const { relation, keyColumns, missing, row } of rows) {
    const columns = missing.map(({ name }, i) => `${quoteName(name)} AS c${i}`).join(', ');
    const where = keyColumns.map((name, i) => `${quoteName(name)} = $${i + 1}`).join(' AND ');
    const [found] = await query(
      client,
      'query',
      `SELECT ${columns} FROM ${quoteTable(relation)} WHERE ${where}`,
      keyColumns.map((name) => valueText(row[name])),
    );
    if (!found) continue;
    for (const [i, { name, typeOid }] of missing.entries()) setColumn(row, name, valueFrom(found[`c${i}`], typeOid));
  }
}

function valueFrom(text: string | null | undefined, typeOid: number): unknown {
  if (text === null || text === undefined) return null;
  const bytes = Buffer.from(text) as WireBuffer;
  return valueReader(typeOid)(bytes, 0, bytes.length);
}
