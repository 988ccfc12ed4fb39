import type { Envelope } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';

/**
 * An operator that looks at one event after the other and keeps no delivery: `handle` pushes what becomes of an event. An
 * event for which it throws is diverted (what it had pushed is taken back), the others go on. A delivery that becomes empty
 * is settled.
 */
export function eachEvent<T, U>(
  name: string,
  handle: (event: Envelope<T>, out: Envelope<U>[]) => void,
): OperatorFunction<Delivery<T>, Delivery<U>> {
  const operator: OperatorFunction<Delivery<T>, Delivery<U>> = (deliveries) =>
    new Observable((out) =>
      deliveries.subscribe({
        next(delivery) {
          const { events } = delivery;
          const made: Envelope<U>[] = [];
          let failures: Failure[] | undefined;
          for (let at = 0; at < events.length; at++) {
            const before = made.length;
            const event = events[at] as Envelope<T>;
            try {
              handle(event, made);
            } catch (cause) {
              made.length = before;
              failures ??= [];
              failures.push({ event, cause });
            }
          }
          if (failures) delivery.divert(failures);
          if (made.length === 0) delivery.settle();
          else out.next(delivery.with(made));
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
