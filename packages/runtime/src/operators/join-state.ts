import { ComponentError, type Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';
import { checkScope, refuse, type ScopeOptions, stateKey } from '../state/keyed.js';
import { rowOf } from '../state/state-table.js';
import { type Handle, inSequence } from './in-sequence.js';

/** Which row belongs to an event, and what the two make. */
export interface JoinOptions<T, R, U> extends ScopeOptions {
  /** The key of the row; undefined for none. Default: the event's key. */
  readonly key?: (event: Envelope<T>) => string | undefined;
  /** The event's new data. `row` is null where the table has none, and `missing` is not `divert`. */
  readonly join: (data: T, row: R | null, event: Envelope<T>) => U | null;
  /** What becomes of an event without a row. `divert`: a dead letter, `EVENT_JOIN_MISSING`. Default: `null`. */
  readonly missing?: 'null' | 'divert';
}

/**
 * Joins each event with a row of a table that another pipeline keeps up to date, with `stateTable` as its sink. The row is the
 * one at the time of the look-up: an event that is delivered again may find a newer one. Deletions pass as they are.
 *
 * One read for each delivery. In memory: the rows of one delivery. Order: as received. Throws: an event for which a function
 * throws goes to the dead letters (or fails the pipeline). `OPTIONS_INVALID` at once.
 */
export function joinState<T, R, U>(options: JoinOptions<T, R, U>): OperatorFunction<Delivery<T>, Delivery<U>> {
  checkScope('joinState', options, ['key', 'join', 'missing']);
  const { store, scope, key = (event) => event.key, join, missing = 'null' } = options;
  if (missing !== 'null' && missing !== 'divert') refuse('joinState', '`missing` is null or divert');
  return inSequence(
    'joinState',
    (): Handle<T, U> => async (delivery, emit) => {
      const failures: Failure[] = [];
      const keyed = delivery.events.flatMap((event) => {
        try {
          const own = event.data === null ? undefined : key(event);
          return [{ event, key: own === undefined ? undefined : stateKey(own) }];
        } catch (cause) {
          failures.push({ event, cause });
          return [];
        }
      });
      const keys = [...new Set(keyed.flatMap((one) => (one.key === undefined ? [] : [one.key])))];
      const entries = keys.length === 0 ? undefined : await delivery.flow.persist(() => store.read(scope, keys));
      const made: Envelope<U>[] = [];
      for (const { event, key: own } of keyed) {
        try {
          if (event.data === null) {
            made.push(event as Envelope<never>);
            continue;
          }
          const row = rowOf<R>(own === undefined ? undefined : entries?.get(own));
          if (row === null && missing === 'divert') {
            throw new ComponentError('EVENT_JOIN_MISSING', `scope ${scope} has no row for the event`, {
              details: { scope },
            });
          }
          made.push(event.with(join(event.data, row, event)));
        } catch (cause) {
          failures.push({ event, cause });
        }
      }
      delivery.divert(failures);
      if (made.length === 0) delivery.settle();
      else emit(delivery.with(made));
    },
  );
}
