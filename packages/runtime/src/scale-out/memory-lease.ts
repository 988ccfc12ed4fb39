import type { Lease } from '@sluice/contracts';

interface Entry {
  owner: string | undefined;
  fence: bigint;
  expires: number;
}

/** How long an expired lease may still be renewed: a day. */
const KEPT_MS = 86_400_000;

/** Leases of this process: for tests, and for trying out how instances share a source. They are gone with the process. */
export function memoryLease(options: { readonly now?: () => number } = {}): Lease {
  const now = options.now ?? (() => performance.now());
  const entries = new Map<string, Entry>();
  let fences = 0n;
  const live = (entry: Entry | undefined): entry is Entry & { owner: string } =>
    entry?.owner !== undefined && entry.expires > now();
  const ours = (resource: string, owner: string, fence: bigint) => {
    const entry = entries.get(resource);
    return entry?.owner === owner && entry.fence === fence ? entry : undefined;
  };
  return {
    async acquire(resource, owner, ttlMs) {
      const entry = entries.get(resource);
      if (live(entry) && entry.owner !== owner) {
        return { held: false, by: entry.owner, remainingMs: entry.expires - now() };
      }
      if (!live(entry)) {
        fences += 1n;
        // One counter for all: what expired long ago need not be kept.
        for (const [name, old] of entries) if (now() - old.expires > KEPT_MS) entries.delete(name);
      }
      const fence = live(entry) ? entry.fence : fences;
      entries.set(resource, { owner, fence, expires: now() + ttlMs });
      return { held: true, fence };
    },
    async renew(resource, owner, fence, ttlMs) {
      const entry = ours(resource, owner, fence);
      if (entry) entry.expires = now() + ttlMs;
      return entry !== undefined;
    },
    async release(resource, owner, fence) {
      if (ours(resource, owner, fence)) entries.delete(resource);
    },
    async holders(prefix) {
      return [...entries].flatMap(([resource, entry]) =>
        resource.startsWith(prefix) && live(entry) ? [{ resource, owner: entry.owner, fence: entry.fence }] : [],
      );
    },
    async [Symbol.asyncDispose]() {},
  };
}
