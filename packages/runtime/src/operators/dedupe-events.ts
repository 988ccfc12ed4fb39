import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';
import type { Ledger } from '../settlement/ledger.js';
import { checkKeepMs, checkScope, inboxId, KEEP_MS, Pruning, type ScopeOptions } from '../state/keyed.js';
import { type Handle, inSequence } from './in-sequence.js';

/** What makes two events the same, and for how long that is known. */
export interface DedupeOptions<T> extends ScopeOptions {
  /** What an event is known by. Default: its source and id. */
  readonly by?: (event: Envelope<T>) => string;
  /** How long an id is remembered, in milliseconds. Default: a week. */
  readonly keepMs?: number;
}

/**
 * An inbox: drops an event that was seen before, in an earlier batch, in the same one, on its way, or before a restart.
 *
 * An id is marked once all that was made of its batch is durable, and the source's position moves on only after the mark is.
 * So a crash never costs an event; one that comes between the write and the mark repeats the batch. An atomic sink has moved
 * the position with its write: after such a crash it is not repeated, but a second copy of the event, at a later position, is
 * not known for one.
 *
 * One question to the store and one mark for each delivery. Order: as received. Throws: an event for which `by` throws goes to the
 * dead letters (or fails the pipeline). `OPTIONS_INVALID` at once; an error of the store ends the opening of the pipeline, after
 * the pipeline's retries.
 */
export function dedupeEvents<T>(options: DedupeOptions<T>): OperatorFunction<Delivery<T>, Delivery<T>> {
  checkScope('dedupeEvents', options, ['by', 'keepMs']);
  const { store, scope, by = inboxId, keepMs = KEEP_MS } = options;
  checkKeepMs('dedupeEvents', keepMs);
  return inSequence('dedupeEvents', (): Handle<T, T> => {
    const underWay = new UnderWay();
    const pruning = new Pruning(options, keepMs);
    return async (delivery, emit) => {
      const { flow } = delivery;
      const failures: Failure[] = [];
      const identified = delivery.events.flatMap((event) => {
        try {
          return [{ event, id: by(event) }];
        } catch (cause) {
          failures.push({ event, cause });
          return [];
        }
      });
      const ids = identified.map(({ id }) => id);
      // Before the store is asked: what is marked in the meantime leaves here, and the answer may not have it yet.
      const known = new Set(ids.filter((id) => underWay.has(id)));
      const asked = [...new Set(ids.filter((id) => !known.has(id)))];
      if (asked.length > 0) {
        for (const id of await flow.persist(() => store.seen(scope, asked))) known.add(id);
      }
      const fresh: string[] = [];
      const kept = identified.flatMap(({ event, id }) => {
        if (known.has(id)) return [];
        known.add(id);
        fresh.push(id);
        return [event];
      });
      delivery.divert(failures);
      if (fresh.length === 0) {
        delivery.settle();
        return;
      }
      const forget = underWay.add(delivery, fresh);
      delivery.afterDurable(async () => {
        await store.write(scope, { writes: [], seen: fresh });
        forget();
      });
      emit(kept.length === delivery.events.length ? delivery : delivery.with(kept));
      await pruning.whenDue(flow);
    };
  });
}

/** Ids that have gone on and are not marked yet. Those of a lane that was taken away are forgotten: they come again. */
class UnderWay {
  readonly #ids = new Map<Ledger, Set<string>>();

  has(id: string): boolean {
    for (const [ledger, ids] of this.#ids) {
      if (ledger.abandoned) this.#ids.delete(ledger);
      else if (ids.has(id)) return true;
    }
    return false;
  }

  /** Answers with what forgets them again. */
  add(delivery: Delivery<unknown>, added: readonly string[]): () => void {
    const ledger = delivery.entries[0]?.ledger;
    if (ledger === undefined) return () => {};
    let ids = this.#ids.get(ledger);
    if (ids === undefined) {
      ids = new Set();
      this.#ids.set(ledger, ids);
    }
    const mine = ids;
    for (const id of added) mine.add(id);
    return () => {
      for (const id of added) mine.delete(id);
      // So that nothing is left of a lane that has ended.
      if (mine.size === 0 && this.#ids.get(ledger) === mine) this.#ids.delete(ledger);
    };
  }
}
