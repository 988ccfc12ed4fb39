import type { Envelope } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';

/**
 * An operator that keeps no delivery: `handle` answers with what becomes of a batch's events, and pushes those that it could
 * not process to `failures`. These are diverted, the others go on. A delivery that becomes empty is settled, one whose events
 * all stay as they are (`handle` answers with the very array) is passed on.
 *
 * The loop over the events is `handle`'s own, so that what it does to one can be compiled into it.
 */
export function eachBatch<T, U>(
  name: string,
  handle: (events: readonly Envelope<T>[], failures: Failure[]) => readonly Envelope<U>[],
): OperatorFunction<Delivery<T>, Delivery<U>> {
  const operator: OperatorFunction<Delivery<T>, Delivery<U>> = (deliveries) =>
    new Observable((out) =>
      deliveries.subscribe({
        next(delivery) {
          const failures: Failure[] = [];
          const made = handle(delivery.events, failures);
          if (failures.length > 0) delivery.divert(failures);
          if (made.length === 0) delivery.settle();
          else
            out.next(
              (made as unknown) === delivery.events ? (delivery as unknown as Delivery<U>) : delivery.with(made),
            );
        },
        error: (cause) => out.error(cause),
        complete: () => out.complete(),
      }),
    );
  return named(name, operator);
}

/** Gives an operator the name that errors and reports call its stage by. */
export function named<F extends (...args: never[]) => unknown>(name: string, operator: F): F {
  return Object.defineProperty(operator, 'name', { value: name });
}
