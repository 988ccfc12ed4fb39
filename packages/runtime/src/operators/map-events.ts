import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachEvent } from './each-event.js';

/**
 * Turns each event's data into other data; id, key, time and version stay. Answer null for "this is deleted". Events whose
 * data is null already pass as they are.
 *
 * Order: as received. Throws: an event for which `map` throws goes to the dead letters (or fails the pipeline), the others
 * of its batch go on.
 */
export function mapEvents<T, U>(
  map: (data: T, event: Envelope<T>) => U | null,
): OperatorFunction<Delivery<T>, Delivery<U>> {
  return eachEvent('mapEvents', (event: Envelope<T>, out: Envelope<U>[]) => {
    out.push(event.data === null ? (event as Envelope<never>) : event.with(map(event.data, event)));
  });
}
