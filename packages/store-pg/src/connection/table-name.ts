import { ComponentError } from '@sluice/contracts';
import { escapeIdentifier } from 'pg';

export interface TableName {
  readonly schema: string;
  readonly table: string;
  /** Quoted, for a statement. */
  readonly sql: string;
}

/**
 * Reads `table` or `schema.table`; without a schema it is `public`. Names are taken letter by letter: no folding to lower
 * case, no quotes.
 *
 * @throws ComponentError `OPTIONS_INVALID`.
 */
export function tableName(text: string): TableName {
  const parts = typeof text === 'string' ? text.split('.') : [];
  const [schema, table] = parts.length === 1 ? ['public', parts[0]] : parts;
  if (!schema || !table || parts.length > 2) throw new ComponentError('OPTIONS_INVALID', 'table: give `schema.table`');
  return { schema, table, sql: `${escapeIdentifier(schema)}.${escapeIdentifier(table)}` };
}
