import { ComponentError, type Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import { Observable } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { named } from './each-batch.js';

/** How many ways to go. */
export interface PartitionOptions {
  /** Partitions that are written side by side. 1 to 1,024. */
  readonly partitions: number;
}

/**
 * Cuts deliveries by key, so that a plain or idempotent sink has one write in flight for each partition rather than one for
 * each lane. Events of one key stay together and in order; events without a key share partition 0. An atomic sink still
 * writes whole source batches in order, and gains nothing.
 *
 * Order: per key. Throws: `OPTIONS_INVALID` at once.
 */
export function partitionByKey<T>(options: PartitionOptions): OperatorFunction<Delivery<T>, Delivery<T>> {
  const { partitions } = options;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024) {
    throw new ComponentError('OPTIONS_INVALID', 'partitionByKey: `partitions` must be a whole number from 1 to 1,024');
  }
  const operator: OperatorFunction<Delivery<T>, Delivery<T>> = (deliveries) =>
    new Observable((out) => {
      return deliveries.subscribe({
        next(delivery) {
          try {
            cut(delivery);
          } catch (cause) {
            // What is thrown in here RxJS would throw again where nobody catches it.
            out.error(cause);
          }
        },
        error: (cause) => out.error(cause),
        complete: () => out.complete(),
      });
      function cut(delivery: Delivery<T>): void {
        const parts = new Map<number, Envelope<T>[]>();
        for (const event of delivery.events) {
          const partition = partitionOf(event.key, partitions);
          const part = parts.get(partition);
          if (part) part.push(event);
          else parts.set(partition, [event]);
        }
        const all = [...parts].map(([partition, events]) => ({ partition, events }));
        for (const part of delivery.split(all)) out.next(part);
      }
    });
  return named('partitionByKey', operator);
}

/** FNV-1a over the key's UTF-16 code units. */
function partitionOf(key: string | undefined, partitions: number): number {
  if (key === undefined) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % partitions;
}
