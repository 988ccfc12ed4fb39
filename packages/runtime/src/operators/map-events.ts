import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachBatch } from './each-batch.js';

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
  return eachBatch('mapEvents', (events: readonly Envelope<T>[], failures) => {
    // Room for all of them at once: an array that grows is copied on its way.
    const made = new Array<Envelope<U>>(events.length);
    let count = 0;
    for (const event of events) {
      try {
        made[count] = event.data === null ? (event as Envelope<never>) : event.with(map(event.data, event));
        count += 1;
      } catch (cause) {
        failures.push({ event, cause });
      }
    }
    if (count < made.length) made.length = count;
    return made;
  });
}
