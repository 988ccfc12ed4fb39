/** What counters can do. */
export interface CountersFeatures {
  /** Whether `unique` is exact; else it is an estimate (HyperLogLog: within 2 %, and exact for small numbers). */
  readonly exact: boolean;
}

/** How often, and by how many. */
export interface Count {
  readonly total: number;
  readonly unique: number;
}

/**
 * Counts how often something happened, and how many different members it happened by: views of a page, and viewers.
 *
 * - `count` resolves when it is as durable as the store is; calls at the same time are gathered into one write. When it rejects it may
 *   have been counted.
 * - Keys and members are 1 to 512 bytes of UTF-8. A member is kept as a hash, or not at all: nobody reads addresses out of it.
 */
export interface Counters extends AsyncDisposable {
  readonly name: string;
  readonly features: CountersFeatures;
  /** One more under `key`, by `member`. */
  count(key: string, member: string): Promise<void>;
  /** Those of the keys that something was counted under. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, Count>>;
  /** Forgets all that was counted under these keys. */
  remove(keys: readonly string[]): Promise<void>;
}
