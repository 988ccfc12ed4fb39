import { type Cache, ComponentError, refuseBadKey, refuseUnknownOptions } from '@sluice/contracts';
import { LRUCache } from 'lru-cache';

/** How much a cache in memory holds. */
export interface MemoryCacheOptions {
  /** Bytes of keys and values in UTF-8, at most. A larger value is not kept. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** Keys, at most, those included of which only the version is known. Default: 10,000. */
  readonly maxEntries?: number;
}

/**
 * A cache of this process. What was used least lately goes first, versions included.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `KEY_INVALID`, and with `OPTIONS_INVALID` for a version that is
 * no whole number, or a `ttlMs` that is not above 0.
 */
export function memoryCache(options: MemoryCacheOptions = {}): Cache {
  refuseUnknownOptions('memoryCache', options, ['maxBytes', 'maxEntries']);
  const maxBytes = wholeNumber('maxBytes', options.maxBytes ?? 64 * 1_048_576);
  const maxEntries = wholeNumber('maxEntries', options.maxEntries ?? 10_000);
  const known = new LRUCache<string, Known>({
    max: maxEntries,
    maxSize: maxBytes,
    ttlResolution: 0,
    sizeCalculation: ({ value }, key) => sizeOf(key, value),
  });

  /** A version, once heard of, is remembered for as long as anyone asked for it. */
  function remember(key: string, ttlMs: number, next: Omit<Known, 'until'>): void {
    const until = Math.max(known.peek(key)?.until ?? 0, now() + ttlMs);
    known.set(key, { ...next, until }, { ttl: until - now() });
  }

  return {
    name: 'memory',
    features: { shared: false },
    async get(key) {
      refuseBadKey(key);
      const found = known.get(key);
      return found && found.fresh > now() ? found.value : undefined;
    },
    async set({ key, version, value }, { ttlMs }) {
      refuseBadKey(key);
      checkVersion(version);
      checkTtl(ttlMs);
      const former = known.get(key);
      if (former && (version < former.version || (version === former.version && former.refused))) return;
      const kept = sizeOf(key, value) <= maxBytes ? value : undefined;
      remember(key, ttlMs, { version, refused: false, value: kept, fresh: now() + ttlMs });
    },
    async invalidate(keys, { ttlMs }) {
      checkTtl(ttlMs);
      for (const { key, version } of keys) {
        refuseBadKey(key);
        checkVersion(version);
      }
      for (const { key, version } of keys) {
        const former = known.get(key);
        const newer = former && former.version > version;
        remember(key, ttlMs, newer ? former : { version, refused: true, value: undefined, fresh: 0 });
      }
    },
    async [Symbol.asyncDispose]() {
      known.clear();
    },
  };
}

/** What is known of a key. Times are of the monotonic clock, in milliseconds. */
interface Known {
  readonly version: number;
  /** Whether values of that very version are refused, too. */
  readonly refused: boolean;
  readonly value: string | undefined;
  /** When the value has grown too old. */
  readonly fresh: number;
  /** When the version may be forgotten. */
  readonly until: number;
}

const now = () => performance.now();

const sizeOf = (key: string, value = '') => Buffer.byteLength(key) + Buffer.byteLength(value);

function wholeNumber(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ComponentError('OPTIONS_INVALID', `memoryCache: \`${option}\` must be a whole number of at least 1`);
}

function checkVersion(version: number): void {
  if (!Number.isSafeInteger(version)) throw new ComponentError('OPTIONS_INVALID', '`version` must be a whole number');
}

function checkTtl(ttlMs: number): void {
  if (!(ttlMs > 0 && ttlMs < Number.POSITIVE_INFINITY)) {
    throw new ComponentError('OPTIONS_INVALID', '`ttlMs` must be above 0, and finite');
  }
}
