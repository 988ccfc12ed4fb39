import { UNCHANGED } from '@sluice/contracts';
import type { Column, RelationMessage } from './relation.js';
import type { WireRow } from './row-reader.js';

/**
 * The new row of an update that changed the key and left a large value alone. Whoever applies it under its new key has no
 * old value to leave as it is, so the value has to be read from the table before the row is delivered.
 */
export interface IncompleteRow {
  readonly relation: RelationMessage;
  readonly keyColumns: readonly string[];
  readonly missing: readonly Column[];
  /** Completed in place. */
  readonly row: WireRow;
}

/** What is missing of a row that got a new key; `undefined` when nothing is, or when it has no key to find it by. */
export function incompleteRow(
  relation: RelationMessage,
  keyColumns: readonly string[],
  row: WireRow,
): IncompleteRow | undefined {
  const missing = relation.columns.filter(({ name }) => row[name] === UNCHANGED);
  if (missing.length === 0 || keyColumns.some((name) => row[name] === UNCHANGED)) return undefined;
  return keyColumns.length === 0 ? undefined : { relation, keyColumns, missing, row };
}
