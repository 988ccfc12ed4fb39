/** What a cache can do. */
export interface CacheFeatures {
  /** Whether other processes see the same entries. */
  readonly shared: boolean;
}

/** An entry to keep. */
export interface CacheEntry {
  readonly key: string;
  /** Grows with each change of what the value was made of: a row's version. */
  readonly version: number;
  readonly value: string;
}

/**
 * Keeps texts for a while, and never an older one in place of a newer one.
 *
 * - Each key remembers the highest version that it has heard of, by `set` or by `invalidate`, for as long as an entry lives. A `set`
 *   of a lower one is ignored: a reader who read a row before it was changed, and comes with it afterwards, does not bring the old
 *   state back.
 * - A cache may forget anything at any time, and is asked as if it had: an error of it is no reason to fail a request.
 * - Keys are 1 to 512 bytes of UTF-8.
 */
export interface Cache extends AsyncDisposable {
  readonly name: string;
  readonly features: CacheFeatures;
  /** The value; undefined when there is none, or when it has grown too old. */
  get(key: string): Promise<string | undefined>;
  /** Keeps the entry for `ttlMs`. What is larger than the cache takes is not kept. */
  set(entry: CacheEntry, options: { readonly ttlMs: number }): Promise<void>;
  /** Forgets the values of these keys that are of a version up to the one given, and refuses them from now on, for `ttlMs`. */
  invalidate(
    keys: readonly { readonly key: string; readonly version: number }[],
    options: { readonly ttlMs: number },
  ): Promise<void>;
}
