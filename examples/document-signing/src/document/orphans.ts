import type { ObjectStore } from '@sluice/contracts';
import type { DocumentTable } from './document-table.js';

/** What {@link removeOrphans} looks through. */
export interface OrphanSearch {
  readonly objects: ObjectStore;
  readonly table: Pick<DocumentTable, 'existing'>;
  /** Only objects that are older: the row of a younger one may be about to be written. */
  readonly before: Date;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

/**
 * Takes away the objects under ids that no row has: what a crash between content and row has left. Returns how many. Holds one page
 * of the listing at a time, however many objects there are; may run while documents are created and removed.
 */
export async function removeOrphans({ objects, table, before, signal }: OrphanSearch): Promise<number> {
  let removed = 0;
  let after: string | undefined;
  while (signal?.aborted !== true) {
    const page = await objects.list('', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const suspects = page.filter(({ key, modified }) => modified < before && documentOf(key) !== undefined);
    const ids = [...new Set(suspects.map(({ key }) => documentOf(key) as string))];
    const existing = ids.length === 0 ? new Set<string>() : await table.existing(ids);
    for (const { key } of suspects) {
      if (existing.has(documentOf(key) as string)) continue;
      await objects.delete(key);
      removed += 1;
    }
    after = page.at(-1)?.key;
    if (page.length < PAGE) break;
  }
  return removed;
}

const PAGE = 1_000;

/** `{id}/…`; what is not under an id is none of ours. */
function documentOf(key: string): string | undefined {
  return /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//.exec(key)?.[1];
}
