import { createHmac, randomBytes } from 'node:crypto';
import { ComponentError, type Counters, refuseBadKey, refuseUnknownOptions } from '@sluice/contracts';

/** How much counters in memory hold. */
export interface MemoryCountersOptions {
  /** Members, at most, over all keys; `count` rejects with `MEMORY_FULL` above it. Default: 1,000,000. */
  readonly capacity?: number;
}

/**
 * Counters of this process: for tests, and where numbers may begin at 0 with each start. Members are kept as hashes with a salt that
 * nobody learns.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `KEY_INVALID`, `count` with `MEMORY_FULL`.
 */
export function memoryCounters(options: MemoryCountersOptions = {}): Counters {
  refuseUnknownOptions('memoryCounters', options, ['capacity']);
  const { capacity = 1_000_000 } = options;
  if (!(capacity >= 1)) throw new ComponentError('OPTIONS_INVALID', 'memoryCounters: `capacity` must be at least 1');
  const counted = new Map<string, { total: number; readonly members: Set<string> }>();
  const salt = randomBytes(32);
  let size = 0;

  return {
    name: 'memory',
    features: { exact: true },
    async count(key, member) {
      refuseBadKey(key);
      refuseBadKey(member);
      const hash = createHmac('sha256', salt).update(member).digest('base64');
      const found = counted.get(key) ?? { total: 0, members: new Set() };
      if (!found.members.has(hash)) {
        if (size >= capacity) {
          throw new ComponentError('MEMORY_FULL', `the counters hold ${size} members of at most ${capacity}`, {
            details: { capacity },
          });
        }
        size += 1;
        found.members.add(hash);
      }
      found.total += 1;
      counted.set(key, found);
    },
    async read(keys) {
      for (const key of keys) refuseBadKey(key);
      const found = keys.flatMap((key) => {
        const count = counted.get(key);
        return count ? [[key, { total: count.total, unique: count.members.size }] as const] : [];
      });
      return new Map(found);
    },
    async remove(keys) {
      for (const key of keys) refuseBadKey(key);
      for (const key of keys) {
        size -= counted.get(key)?.members.size ?? 0;
        counted.delete(key);
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
