import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import { Delivery } from '../delivery/delivery.js';
import { LONGEST_TIMER_MS } from '../retry/within.js';
import { named } from './each-batch.js';

/** When a batch is full. At least one must be given; the first that is reached counts. */
export interface BatchOptions {
  /** Events in a batch; one that a single delivery exceeds is not cut. */
  readonly events?: number;
  /** Bytes in a batch, as the source counts them. */
  readonly bytes?: number;
  /** Milliseconds since its first delivery. Default: 1,000, so that the rest is never held for ever. */
  readonly ms?: number;
}

/** Marks an operator for which holding deliveries back is no loss. */
export const HOLDS: unique symbol = Symbol('sluice.holds');

/**
 * Gathers deliveries of one lane (and partition) into larger ones. It lets go early when the pipeline waits for credit with
 * nothing being written, and when it drains: no size can block a pipeline.
 *
 * Order: as received within a lane. Throws: `OPTIONS_INVALID` at once when no limit is given, or one that is not above 0.
 */
export function batchBy<T>(options: BatchOptions): OperatorFunction<Delivery<T>, Delivery<T>> {
  const limits = validated(options);
  const operator: OperatorFunction<Delivery<T>, Delivery<T>> = (deliveries) =>
    new Observable((out) => {
      const batches = new Map<string, OpenBatch<T>>();
      let unregister: (() => void) | undefined;
      const emit = (name: string, batch: OpenBatch<T>) => {
        if (batches.get(name) !== batch) return;
        batches.delete(name);
        clearTimeout(batch.timer);
        try {
          out.next(Delivery.merge(batch.deliveries));
        } catch (cause) {
          // Called by a timer, we are the last who can catch it.
          out.error(cause);
        }
      };
      const emitAll = () => {
        for (const [name, batch] of [...batches]) emit(name, batch);
      };
      out.add(() => {
        unregister?.();
        for (const batch of batches.values()) clearTimeout(batch.timer);
      });
      return deliveries.subscribe({
        next(delivery) {
          unregister ??= delivery.flow.onFlush(emitAll);
          const name = `${delivery.partition ?? ''}/${delivery.lane}`;
          let batch = batches.get(name);
          if (batch === undefined) {
            batch = new OpenBatch();
            batches.set(name, batch);
            batch.timer = setTimeout(emit, Math.min(limits.ms, LONGEST_TIMER_MS), name, batch);
          }
          batch.deliveries.push(delivery);
          batch.events += delivery.events.length;
          batch.bytes += delivery.bytes;
          if (batch.events >= limits.events || batch.bytes >= limits.bytes || delivery.flow.urgent) emit(name, batch);
        },
        error: (cause) => out.error(cause),
        complete() {
          emitAll();
          out.complete();
        },
      });
    });
  return Object.assign(named('batchBy', operator), { [HOLDS]: true });
}

class OpenBatch<T> {
  readonly deliveries: Delivery<T>[] = [];
  events = 0;
  bytes = 0;
  timer: NodeJS.Timeout | undefined;
}

function validated(options: BatchOptions): Required<BatchOptions> {
  const names = ['events', 'bytes', 'ms'] as const;
  refuseUnknownOptions('batchBy', options, names);
  for (const name of names) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) invalid(`batchBy: \`${name}\` must be above 0`);
  }
  if (names.every((name) => options[name] === undefined)) invalid('batchBy: give `events`, `bytes` or `ms`');
  const without = Number.POSITIVE_INFINITY;
  return { events: options.events ?? without, bytes: options.bytes ?? without, ms: options.ms ?? 1_000 };
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', message);
}
