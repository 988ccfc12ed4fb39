import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachBatch } from './each-batch.js';

/**
 * Turns each event into none, one or several. Make them with `event.with(data, { idSuffix })`, so that each has an id of its
 * own that is the same on redelivery. Events whose data is null pass as they are.
 *
 * The source batch is settled when all that was made of it is. Order: as received, then as returned. Throws: as
 * {@link mapEvents}.
 */
export function expandEvents<T, U>(
  expand: (data: T, event: Envelope<T>) => readonly Envelope<U>[],
): OperatorFunction<Delivery<T>, Delivery<U>> {
  return eachBatch('expandEvents', (events: readonly Envelope<T>[], failures) => {
    const made: Envelope<U>[] = [];
    for (const event of events) {
      const before = made.length;
      try {
        if (event.data === null) made.push(event as Envelope<never>);
        else for (const one of expand(event.data, event)) made.push(one);
      } catch (cause) {
        made.length = before;
        failures.push({ event, cause });
      }
    }
    return made;
  });
}
