import {
  ComponentError,
  refuseUnknownOptions,
  type StateEntry,
  type StateStore,
  type StateValue,
} from '@sluice/contracts';

/** What a store in memory is made with. */
export interface MemoryStateOptions {
  /** Keys, and ids in inboxes, that it holds at most, over all scopes. Default: 1,000,000. */
  readonly capacity?: number;
}

/** An entry whose value is kept as JSON: it comes back as it would from any other store. */
interface Kept {
  readonly json: string;
  readonly revision: bigint;
}

/** The longest key, in characters; see {@link StateStore}. */
const MAX_KEY = 10_000;

/**
 * Keeps the state of operators in memory: for tests, and where the source is read from its beginning at each start. It is gone
 * with the process.
 *
 * `write` throws `MEMORY_FULL` above the capacity and `STATE_KEY_TOO_LONG` for a key of more than 10,000 characters; nothing
 * is written then. A value that is not what JSON can say comes back as JSON says it. Throws: `OPTIONS_INVALID` at once.
 */
export function memoryState(options: MemoryStateOptions = {}): StateStore {
  refuseUnknownOptions('memoryState', options, ['capacity']);
  const { capacity = 1_000_000 } = options;
  if (!(capacity >= 1)) throw new ComponentError('OPTIONS_INVALID', 'memoryState: `capacity` must be at least 1');
  const scopes = new Map<string, Scope>();
  // One counter for all: a key that is removed and made anew does not get an old revision again.
  let revision = 0n;
  const scopeOf = (name: string): Scope => {
    let scope = scopes.get(name);
    if (scope === undefined) {
      scope = { entries: new Map(), inbox: new Map() };
      scopes.set(name, scope);
    }
    return scope;
  };
  const size = () => {
    let count = 0;
    for (const { entries, inbox } of scopes.values()) count += entries.size + inbox.size;
    return count;
  };
  return {
    async read(name, keys) {
      const { entries } = scopeOf(name);
      const found = new Map<string, StateEntry>();
      for (const key of keys) {
        const entry = entries.get(key);
        if (entry) found.set(key, entryOf(entry));
      }
      return found;
    },
    async scan(name, { after, limit = 1_000 } = {}) {
      const keys = [...scopeOf(name).entries.keys()].filter((key) => after === undefined || key > after).sort();
      const { entries } = scopeOf(name);
      return keys.slice(0, limit).map((key) => ({ key, entry: entryOf(entries.get(key) as Kept) }));
    },
    async write(name, { writes, seen = [] }) {
      const { entries, inbox } = scopeOf(name);
      for (const { key, expected } of writes) {
        if (key.length > MAX_KEY) {
          throw new ComponentError('STATE_KEY_TOO_LONG', `a key of ${key.length} characters`, {
            details: { scope: name, characters: key.length },
          });
        }
        if ((entries.get(key)?.revision ?? 0n) !== expected) return 'conflict';
      }
      if (size() + writes.length + seen.length > capacity) refuseMore(name, entries, inbox, writes, seen);
      const values = writes.map(({ value }) => (value === undefined ? undefined : JSON.stringify(value)));
      for (const [at, { key }] of writes.entries()) {
        const json = values[at];
        revision += 1n;
        if (json === undefined) entries.delete(key);
        else entries.set(key, { json, revision });
      }
      const now = Date.now();
      for (const id of seen) if (!inbox.has(id)) inbox.set(id, now);
      return 'written';
    },
    async seen(name, ids) {
      const { inbox } = scopeOf(name);
      return new Set(ids.filter((id) => inbox.has(id)));
    },
    async forget(name, before) {
      const { inbox } = scopeOf(name);
      const old = [...inbox].filter(([, at]) => at < before.getTime());
      for (const [id] of old) inbox.delete(id);
      return old.length;
    },
    async [Symbol.asyncDispose]() {},
  };

  /** What only changes or removes what is there is let through. */
  function refuseMore(
    name: string,
    entries: Scope['entries'],
    inbox: Scope['inbox'],
    writes: readonly { readonly key: string; readonly value: unknown }[],
    seen: readonly string[],
  ): void {
    let more = seen.filter((id) => !inbox.has(id)).length;
    for (const { key, value } of writes) more += Number(value !== undefined) - Number(entries.has(key));
    if (more <= 0 || size() + more <= capacity) return;
    throw new ComponentError('MEMORY_FULL', `the state holds ${size()} of at most ${capacity}`, {
      details: { scope: name, capacity },
    });
  }
}

interface Scope {
  readonly entries: Map<string, Kept>;
  /** Ids, and when they were put there. */
  readonly inbox: Map<string, number>;
}

function entryOf({ json, revision }: Kept): StateEntry {
  return { value: JSON.parse(json) as StateValue, revision };
}
