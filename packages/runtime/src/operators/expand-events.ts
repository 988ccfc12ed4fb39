import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachEvent } from './each-event.js';

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
  return eachEvent('expandEvents', (event: Envelope<T>, out: Envelope<U>[]) => {
    if (event.data === null) out.push(event as Envelope<never>);
    else for (const made of expand(event.data, event)) out.push(made);
  });
}
