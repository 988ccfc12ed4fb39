import { ComponentError, type Envelope } from '@sluice/contracts';
import type { Change } from './change.js';
import { keyOfRow } from './key-of-row.js';
import { StreamOrigin } from './stream-origin.js';

/** How `rowEvents` treats what is no row. */
export interface RowEventsOptions {
  /** What a TRUNCATE becomes: an error (default), or nothing. */
  readonly truncate?: 'fail' | 'skip';
}

/** The row of a change, or the union of them. */
export type RowOf<C> = C extends { readonly op: 'insert'; readonly after: infer Row } ? Row : never;

/**
 * Turns changes into events of rows: data is the row, or null when it was deleted. For `expandEvents` of the runtime.
 *
 * An update that changes the key becomes two events: the old key deleted, then the new row, which tells its `previousKey`. Logical messages are left out.
 *
 * @throws ComponentError `CDC_TRUNCATE` from the function it returns, unless `truncate` is `skip`.
 */
export function rowEvents<C extends Change<unknown>>(
  options: RowEventsOptions = {},
): (change: C | null, event: Envelope<C>) => readonly Envelope<RowOf<C>>[] {
  const skipTruncate = options.truncate === 'skip';
  return (change, event) => {
    if (change === null) return [];
    const known = change as Change;
    switch (known.op) {
      case 'insert':
      case 'read':
        return [event.with(known.after as RowOf<C>)];
      case 'delete':
        return [event.with<RowOf<C>>(null)];
      case 'update': {
        const row = known.after as RowOf<C>;
        const oldKey = known.before === null ? undefined : changedKey(known.before, known.after, event);
        if (oldKey === undefined) return [event.with(row)];
        const gone = event.with<RowOf<C>>(null, { key: oldKey, idSuffix: 'old' });
        return [gone, event.with(row, { previousKey: oldKey })];
      }
      case 'message':
        return [];
      case 'truncate':
        if (skipTruncate) return [];
        throw new ComponentError('CDC_TRUNCATE', `${known.table} was truncated`, { details: { table: known.table } });
    }
  };
}

type Row = Readonly<Record<string, unknown>>;

/** The key before the update, if it is another one now. */
function changedKey(before: Partial<Row>, after: Row, event: Envelope<unknown>): string | undefined {
  const columns = event.origin instanceof StreamOrigin ? event.origin.keyColumns : [];
  const oldKey = keyOfRow(before as Row, columns);
  return oldKey === keyOfRow(after, columns, before as Row) ? undefined : oldKey;
}
