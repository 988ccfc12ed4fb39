import {
  BatchError,
  ComponentError,
  type Envelope,
  type Sink,
  type StateEntry,
  type StateValue,
  type StateWrite,
} from '@sluice/contracts';
import { checkScope, conflict, type ScopeOptions, stateKey } from './keyed.js';

/** What a table of state is made with. */
export interface StateTableOptions<T> extends ScopeOptions {
  /** The sink's name. Default: `state:` and the scope. */
  readonly name?: string;
  /** Default: the event's key. */
  readonly key?: (event: Envelope<T>) => string | undefined;
  /** The row that an event makes; null removes it. Default: the data, which must be what JSON can say. */
  readonly row?: (data: T, event: Envelope<T>) => StateValue;
  /** Takes over rows of another history: the newest event of a key wins whatever its epoch. Default: false. */
  readonly adopt?: boolean;
}

/** How a row is kept. A removed one stays as `row: null`, so that an older event does not bring it back. */
interface Kept {
  readonly epoch: string;
  /** In decimals. */
  readonly version: string;
  readonly row: StateValue;
}

/**
 * A sink that keeps a table of rows by key in a state store, for `joinState` to look into. Idempotent by the version of the
 * events: an event again, or an older one, changes nothing. Of a removed row its version stays.
 *
 * Rejects with `STATE_EPOCH_CHANGED` for a row of another history, unless told to `adopt`; with a `BatchError` for events
 * without a key. Throws: `OPTIONS_INVALID` at once.
 */
export function stateTable<T>(options: StateTableOptions<T>): Sink<T> {
  checkScope('stateTable', options, ['name', 'key', 'row', 'adopt']);
  const { store, scope, name = `state:${scope}` } = options;
  return {
    name,
    features: { delivery: 'idempotent' },
    async open() {
      return {
        async write(events) {
          const { keyed, failures } = byKey(events, options);
          const entries = await store.read(scope, [...keyed.keys()]);
          const writes = [...keyed].flatMap(([key, of]) => changeOf(key, of, entries.get(key), options));
          if (writes.length > 0 && (await store.write(scope, { writes })) === 'conflict') {
            throw conflict('stateTable', scope);
          }
          if (failures.size > 0) throw new BatchError(failures);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

/** The row in an entry; null when there is none, or it was removed. */
export function rowOf<R>(entry: StateEntry | undefined): R | null {
  return entry === undefined ? null : ((entry.value as unknown as Kept).row as R | null);
}

type Of<T> = readonly { readonly event: Envelope<T>; readonly row: StateValue }[];

function byKey<T>(events: readonly Envelope<T>[], options: StateTableOptions<T>) {
  const { key = (event) => event.key, row = (data) => data as StateValue } = options;
  const keyed = new Map<string, { event: Envelope<T>; row: StateValue }[]>();
  const failures = new Map<number, ComponentError>();
  for (const [index, event] of events.entries()) {
    try {
      const own = stateKey(key(event));
      const one = { event, row: event.data === null ? null : row(event.data, event) };
      const of = keyed.get(own);
      if (of) of.push(one);
      else keyed.set(own, [one]);
    } catch (cause) {
      failures.set(index, asRowError(cause));
    }
  }
  return { keyed, failures };
}

function asRowError(cause: unknown): ComponentError {
  if (cause instanceof ComponentError) return cause;
  return new ComponentError('PIPELINE_STAGE_FAILED', 'the row of an event could not be made', {
    retry: 'never',
    cause,
  });
}

function changeOf<T>(
  key: string,
  of: Of<T>,
  entry: StateEntry | undefined,
  options: StateTableOptions<T>,
): StateWrite[] {
  const before = entry?.value as unknown as Kept | undefined;
  let kept = before;
  for (const { event, row } of of) {
    const { epoch, value } = event.version;
    if (kept !== undefined && kept.epoch !== epoch && !options.adopt) {
      throw new ComponentError('STATE_EPOCH_CHANGED', `scope ${options.scope} has rows of another history`, {
        details: { scope: options.scope, kept: kept.epoch, given: epoch },
      });
    }
    if (kept !== undefined && kept.epoch === epoch && BigInt(kept.version) >= value) continue;
    kept = { epoch, version: value.toString(), row };
  }
  if (kept === before || kept === undefined) return [];
  return [{ key, value: { ...kept }, expected: entry?.revision ?? 0n }];
}
