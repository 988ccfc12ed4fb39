import type { StateEntry, StateStore } from '@sluice/contracts';

/** What is kept, and which events are in it already. */
export interface Counted {
  readonly entries: ReadonlyMap<string, StateEntry>;
  readonly seen: ReadonlySet<string>;
}

/**
 * Reads values and the inbox as of one moment, though they are two questions: a write of an instance that is about to lose the
 * lane may come between them. Were it only in the values, its events would count twice.
 *
 * An event that is not in the inbox, asked for after the values, is not in these. One that is in there is in the values if
 * these did not change meanwhile.
 */
export async function readCounted(
  store: StateStore,
  scope: string,
  { ids, keys }: { readonly ids: readonly string[]; readonly keys: readonly string[] },
): Promise<Counted> {
  for (let entries = await store.read(scope, keys); ; ) {
    const seen: ReadonlySet<string> = ids.length === 0 ? new Set() : await store.seen(scope, ids);
    if (seen.size === 0) return { entries, seen };
    const now = await store.read(scope, keys);
    if (keys.every((key) => now.get(key)?.revision === entries.get(key)?.revision)) return { entries, seen };
    entries = now;
  }
}
