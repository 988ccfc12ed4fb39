import type { Log } from '../http/log.js';
import { type OrphanSearch, removeOrphans } from './remove-orphans.js';

/** A search for orphans in the background. */
export interface OrphanSweep {
  /** Ends it early; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Looks for objects without a row, once; those younger than `afterMs` stay. What goes wrong is logged, and found at the next start. */
export function sweepOrphans(
  search: Pick<OrphanSearch, 'objects' | 'ownerOf' | 'existing'>,
  { afterMs, log }: { readonly afterMs: number; readonly log: Log },
): OrphanSweep {
  const stop = new AbortController();
  // A store may tell the time of an object in whole seconds.
  const before = new Date(Date.now() - afterMs - 1_000);
  const ended = removeOrphans({ ...search, before, signal: stop.signal }).then(
    (removed) => removed > 0 && log.info({ removed }, 'objects without a row were taken away'),
    (error: unknown) => log.warn({ err: error }, 'objects without a row could not be looked for'),
  );
  return {
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
