import type { ObjectStore } from '@sluice/contracts';

/** What {@link removeOrphans} looks through. */
export interface OrphanSearch {
  readonly objects: ObjectStore;
  /** The id of the row that an object belongs to; undefined for an object that is somebody else's. */
  readonly ownerOf: (key: string) => string | undefined;
  /** Of these ids, those that have a row. */
  readonly existing: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Only objects that are older: the row of a younger one may be about to be written. */
  readonly before: Date;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

/**
 * Takes away the objects whose rows are not there: what a crash between object and row has left. Returns how many. Holds one page
 * of the listing at a time, however many objects there are; may run while rows are made and removed.
 */
export async function removeOrphans({ objects, ownerOf, existing, before, signal }: OrphanSearch): Promise<number> {
  let removed = 0;
  let after: string | undefined;
  while (signal?.aborted !== true) {
    const page = await objects.list('', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const suspects = page.flatMap(({ key, modified }) => {
      const owner = modified < before ? ownerOf(key) : undefined;
      return owner === undefined ? [] : [{ key, owner }];
    });
    const ids = [...new Set(suspects.map(({ owner }) => owner))];
    const there = ids.length === 0 ? new Set<string>() : await existing(ids);
    for (const { key, owner } of suspects) {
      if (there.has(owner)) continue;
      await objects.delete(key);
      removed += 1;
    }
    after = page.at(-1)?.key;
    if (page.length < PAGE) break;
  }
  return removed;
}

const PAGE = 1_000;
