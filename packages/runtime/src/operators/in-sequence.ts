import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { named } from './each-batch.js';

/** Handles one delivery and emits what becomes of it. */
export type Handle<T, U> = (delivery: Delivery<T>, emit: (made: Delivery<U>) => void) => void | Promise<void>;

/**
 * An operator that may take its time over a delivery: `handle` is called for one after the other, in the order in which they
 * came, over all lanes. What it answers with that is no promise costs no turn of the event loop. Deliveries that wait are
 * bounded by the pipeline's credits.
 *
 * `begin` is called for each generation of the pipeline and makes its `handle`, so that what one generation remembers is
 * forgotten by the next. A rejection ends the generation; what comes after the end of it is dropped.
 */
export function inSequence<T, U>(name: string, begin: () => Handle<T, U>): OperatorFunction<Delivery<T>, Delivery<U>> {
  const operator: OperatorFunction<Delivery<T>, Delivery<U>> = (deliveries) =>
    new Observable((out) => {
      const begun = begin();
      const handle: Handle<T, U> = (delivery, emitMade) => {
        // Its lane was taken away: the new owner reads it again, and what it would change is the owner's to change.
        if (delivery.stale) delivery.settle();
        else return begun(delivery, emitMade);
      };
      const waiting: Delivery<T>[] = [];
      let busy = false;
      let completed = false;
      const emit = (made: Delivery<U>) => {
        if (!out.closed) out.next(made);
      };
      const handleAll = async (first: Promise<void>) => {
        busy = true;
        try {
          await first;
          for (let next = waiting.shift(); next !== undefined && !out.closed; next = waiting.shift()) {
            await handle(next, emit);
          }
          busy = false;
          if (completed) out.complete();
        } catch (cause) {
          out.error(cause);
        }
      };
      return deliveries.subscribe({
        next(delivery) {
          if (busy) {
            waiting.push(delivery);
            return;
          }
          try {
            const working = handle(delivery, emit);
            if (working) void handleAll(working);
          } catch (cause) {
            // What is thrown in here RxJS would throw again where nobody catches it.
            out.error(cause);
          }
        },
        error: (cause) => out.error(cause),
        complete() {
          completed = true;
          if (!busy) out.complete();
        },
      });
    });
  return named(name, operator);
}
