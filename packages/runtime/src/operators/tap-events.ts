import type { Envelope } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import type { Flow } from '../delivery/flow.js';
import { causeOf } from '../retry/failure-class.js';
import { named } from './each-batch.js';
import { isPromiseLike } from './promise-like.js';

/**
 * Looks at each event, deletions too, and changes nothing. What `look` returns is not waited for.
 *
 * Order: as received. Throws: nothing. An observer never costs an event: when `look` throws, or what it returns rejects, the
 * events go on, and a notice tells it once for each opening of the pipeline.
 */
export function tapEvents<T>(
  look: (data: T | null, event: Envelope<T>) => unknown,
): OperatorFunction<Delivery<T>, Delivery<T>> {
  const operator: OperatorFunction<Delivery<T>, Delivery<T>> = (deliveries) =>
    new Observable((out) => {
      let told = false;
      const tell = (flow: Flow, cause: unknown) => {
        if (told) return;
        told = true;
        const { code, message } = causeOf(cause);
        flow.notice(
          `tapEvents: the function failed, and events go on without it: ${code === 'UNKNOWN' ? message : code}`,
        );
      };
      return deliveries.subscribe({
        next(delivery) {
          const { events, flow } = delivery;
          for (const event of events) {
            try {
              const looked = look(event.data, event);
              if (isPromiseLike(looked)) looked.then(undefined, (cause: unknown) => tell(flow, cause));
            } catch (cause) {
              tell(flow, cause);
            }
          }
          out.next(delivery);
        },
        error: (cause) => out.error(cause),
        complete: () => out.complete(),
      });
    });
  return named('tapEvents', operator);
}
