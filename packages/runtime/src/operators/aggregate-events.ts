import type { Envelope, StateEntry, StateValue } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';
import {
  checkKeepMs,
  checkScope,
  conflict,
  inboxId,
  KEEP_MS,
  Pruning,
  type ScopeOptions,
  stateKey,
} from '../state/keyed.js';
import { type Counted, readCounted } from '../state/read-counted.js';
import { type Handle, inSequence } from './in-sequence.js';

/** What is kept for each key, and what comes of an event. The state must be what JSON can say: it is kept as that. */
export interface AggregateOptions<T, S, U> extends ScopeOptions {
  /** Default: the event's key. */
  readonly key?: (event: Envelope<T>) => string | undefined;
  /** The state of a key before its first event. */
  readonly initial: () => S;
  /**
   * The state after an event; data is null for a deletion. Undefined removes the key, and a deletion is emitted for it. Pure:
   * it leaves the state that it is given as it is.
   */
  readonly reduce: (state: S, data: T | null, event: Envelope<T>) => S | undefined;
  /** The data that an event gives with the state after it; undefined for none. Default: the state. */
  readonly emit?: (state: S, event: Envelope<T>) => U | null | undefined;
  /** Type of the events that are emitted. Default: as received. */
  readonly type?: string;
  /** How long the id of an event is remembered, in milliseconds. Longer than a redelivery may take. Default: a week. */
  readonly keepMs?: number;
}

/**
 * Keeps a running state for each key, and emits it after each event.
 *
 * The new states and the ids of their events are written in one step, and durable before what comes of them is emitted. So
 * an event counts once however often it is delivered; one that comes again emits the state as it is by then. The ids must
 * tell events apart: give those that `expandEvents` makes an `idSuffix`.
 *
 * What is emitted has the event's id and version, and the key of the state. One read, one look into the inbox and one write
 * for each delivery. In memory: the states of one delivery.
 *
 * Order: as received. Throws: an event without a key, or for which a function throws, goes to the dead letters (or fails the
 * pipeline) and does not count. `STATE_CONFLICT` when another instance writes the same state: the pipeline starts anew from
 * its checkpoint. `OPTIONS_INVALID` at once.
 */
export function aggregateEvents<T, S, U = S>(
  options: AggregateOptions<T, S, U>,
): OperatorFunction<Delivery<T>, Delivery<U>> {
  checkScope('aggregateEvents', options, ['key', 'initial', 'reduce', 'emit', 'type', 'keepMs']);
  const { store, scope, key = (event) => event.key, type, keepMs = KEEP_MS } = options;
  checkKeepMs('aggregateEvents', keepMs);
  return inSequence('aggregateEvents', (): Handle<T, U> => {
    const pruning = new Pruning(options, keepMs);
    return async (delivery, emit) => {
      const { flow } = delivery;
      const failures: Failure[] = [];
      const keyed = delivery.events.flatMap((event) => {
        try {
          return [{ event, key: stateKey(key(event)), id: inboxId(event) }];
        } catch (cause) {
          failures.push({ event, cause });
          return [];
        }
      });
      const ids = [...new Set(keyed.map(({ id }) => id))];
      const keys = [...new Set(keyed.map((one) => one.key))];
      const { entries, seen } =
        keyed.length === 0 ? NOTHING : await flow.persist(() => readCounted(store, scope, { ids, keys }));
      const fold = new Fold(options, entries, seen);
      const made: Envelope<U>[] = [];
      for (const one of keyed) {
        try {
          const data = fold.apply(one);
          if (data !== undefined)
            made.push(one.event.with(data, { key: one.key, ...(type === undefined ? {} : { type }) }));
        } catch (cause) {
          failures.push({ event: one.event, cause });
        }
      }
      const { change } = fold;
      if (change.seen.length > 0 && (await flow.persist(() => store.write(scope, change))) === 'conflict') {
        throw conflict('aggregateEvents', scope);
      }
      delivery.divert(failures);
      if (made.length === 0) delivery.settle();
      else emit(delivery.with(made));
      await pruning.whenDue(flow);
    };
  });
}

interface Keyed<T> {
  readonly event: Envelope<T>;
  readonly key: string;
  readonly id: string;
}

/** The states of one delivery while its events are applied. */
class Fold<T, S, U> {
  readonly #states = new Map<string, S | undefined>();
  readonly #changed = new Set<string>();
  readonly #counted = new Set<string>();

  constructor(
    private readonly options: AggregateOptions<T, S, U>,
    private readonly entries: ReadonlyMap<string, StateEntry>,
    private readonly seen: ReadonlySet<string>,
  ) {
    for (const [key, { value }] of entries) this.#states.set(key, value as S);
  }

  /** What the event gives. An event that was counted before changes nothing. */
  apply({ event, key, id }: Keyed<T>): U | null | undefined {
    const { initial, reduce, emit } = this.options;
    const before = this.#states.get(key);
    const again = this.seen.has(id) || this.#counted.has(id);
    const after = again ? before : reduce(before ?? initial(), event.data, event);
    const data = after === undefined ? null : emit ? emit(after, event) : (after as unknown as U);
    // Only now, when nothing has thrown: an event that fails does not count.
    if (!again) {
      this.#states.set(key, after);
      this.#changed.add(key);
      this.#counted.add(id);
    }
    return data;
  }

  get change() {
    const writes = [...this.#changed].flatMap((key) => {
      const value = this.#states.get(key) as StateValue | undefined;
      const expected = this.entries.get(key)?.revision ?? 0n;
      return value === undefined && expected === 0n ? [] : [{ key, value, expected }];
    });
    return { writes, seen: [...this.#counted] };
  }
}

const NOTHING: Counted = { entries: new Map(), seen: new Set() };
