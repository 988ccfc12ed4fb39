import { keyOf, UNCHANGED } from '@sluice/contracts';
import { valueText } from '../values/value-text.js';

type Row = Readonly<Record<string, unknown>>;

/**
 * The text of a row's key; `undefined` without key columns, and for a row that lacks one. A key column that an update left
 * alone and Postgres did not send is taken from `before`.
 */
export function keyOfRow(row: Row, columns: readonly string[], before: Row | null = null): string | undefined {
  if (columns.length === 0) return undefined;
  const parts: string[] = [];
  for (const column of columns) {
    const value = row[column];
    const part = valueText(value === UNCHANGED ? before?.[column] : value);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return keyOf(parts);
}
