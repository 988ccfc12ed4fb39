/** A value of a {@link StateStore}: anything that JSON can say. */
export type StateValue =
  | string
  | number
  | boolean
  | null
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

/** A value that is kept, and its revision. */
export interface StateEntry {
  readonly value: StateValue;
  /** Grows with every write of the key; needed to write it again. Never below 1. */
  readonly revision: bigint;
}

/** One key's change. */
export interface StateWrite {
  readonly key: string;
  /** `undefined` removes the key. */
  readonly value: StateValue | undefined;
  /** The revision that was read; 0 when there was none. */
  readonly expected: bigint;
}

/** What is written in one step. */
export interface StateChange {
  readonly writes: readonly StateWrite[];
  /** Ids of events that this change accounts for; see {@link StateStore.seen}. */
  readonly seen?: readonly string[];
}

/**
 * Keeps the state of operators: a value for each key within a scope, and an inbox of the events that are accounted for.
 *
 * - `write` is all or nothing, and durable when it resolves. `conflict`: a key's revision was not the expected one (another
 *   instance owns it now), and nothing was written.
 * - Keys may be any text of up to 10,000 characters, `__proto__` included.
 * - `seen` and the values of one `write` become visible together: an event that is accounted for in the state is in the inbox.
 */
export interface StateStore extends AsyncDisposable {
  /** The entries that there are; keys without one are left out. */
  read(scope: string, keys: readonly string[]): Promise<ReadonlyMap<string, StateEntry>>;
  /** Entries by key, in the order of the keys' code units, after `after`. For timers and rebuilds. */
  scan(
    scope: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): Promise<readonly { readonly key: string; readonly entry: StateEntry }[]>;
  write(scope: string, change: StateChange): Promise<'written' | 'conflict'>;
  /** Those of the ids that are in the inbox. */
  seen(scope: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Takes ids out of the inbox that were put there before that. Answers with how many. */
  forget(scope: string, before: Date): Promise<number>;
}
