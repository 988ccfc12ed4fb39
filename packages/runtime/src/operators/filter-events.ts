import type { Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachBatch } from './each-batch.js';

/**
 * Keeps the events for which `keep` is true, and every deletion (an event whose data is null): a sink must hear of those
 * whatever the data once was. A delivery that becomes empty is settled at once: what nobody wants is done.
 *
 * Order: as received. Throws: an event for which `keep` throws goes to the dead letters (or fails the pipeline), the others
 * of its batch go on.
 */
export function filterEvents<T, S extends T>(
  keep: (data: T, event: Envelope<T>) => data is S,
): OperatorFunction<Delivery<T>, Delivery<S>>;
export function filterEvents<T>(
  keep: (data: T, event: Envelope<T>) => boolean,
): OperatorFunction<Delivery<T>, Delivery<T>>;
export function filterEvents<T>(
  keep: (data: T, event: Envelope<T>) => boolean,
): OperatorFunction<Delivery<T>, Delivery<T>> {
  return eachBatch('filterEvents', (events: readonly Envelope<T>[], failures) => {
    // Nothing is copied while all are kept.
    let kept: Envelope<T>[] | undefined;
    for (let at = 0; at < events.length; at++) {
      const event = events[at] as Envelope<T>;
      let wanted = false;
      try {
        wanted = event.data === null || keep(event.data, event);
      } catch (cause) {
        failures.push({ event, cause });
      }
      if (!wanted) kept ??= events.slice(0, at);
      else if (kept) kept.push(event);
    }
    return kept ?? events;
  });
}
