import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { LONGEST_TIMER_MS } from '../retry/within.js';
import { HOLDS } from './batch-by.js';
import { named } from './each-batch.js';

/** How fast events may go on. */
export interface ThrottleOptions {
  /** Events that pass within `perMs`, at most. A whole number above 0. */
  readonly events: number;
  /** The length of the time span, in milliseconds. */
  readonly perMs: number;
}

/**
 * Holds deliveries back so that in no span of `perMs` more than `events` pass; a delivery of more is cut. Nothing is lost: the
 * source is read no faster, for held deliveries take up credit. Over all lanes of one instance.
 *
 * A pipeline that waits for credit is not let through faster; one that is drained is, so that nothing must be read again. When
 * the source has ended the rest goes on at its pace. Time is that of the monotonic clock: a jump of the wall clock changes
 * nothing.
 *
 * Order: as received. Throws: `OPTIONS_INVALID` at once.
 */
export function throttleEvents<T>(options: ThrottleOptions): OperatorFunction<Delivery<T>, Delivery<T>> {
  const { events, perMs } = validated(options);
  const operator: OperatorFunction<Delivery<T>, Delivery<T>> = (deliveries) =>
    new Observable((out) => {
      const held: Delivery<T>[] = [];
      /** What is left of a delivery that was cut, the last part first: there may be very many. */
      let parts: Delivery<T>[] = [];
      const oldest = () => parts.at(-1) ?? held[0];
      const take = () => parts.pop() ?? held.shift();
      const passed = new SlidingCount(events, perMs);
      let timer: NodeJS.Timeout | undefined;
      let completed = false;
      let unregister: (() => void) | undefined;
      const letGo = () => {
        clearTimeout(timer);
        timer = undefined;
        try {
          for (let first = oldest(); first !== undefined && !out.closed; first = oldest()) {
            if (first.stale) {
              take();
              first.settle();
              continue;
            }
            const size = Math.min(first.events.length, events);
            const wait = first.flow.draining ? 0 : passed.waitFor(size, performance.now());
            if (wait > 0) {
              timer = setTimeout(letGo, Math.min(Math.ceil(wait), LONGEST_TIMER_MS));
              return;
            }
            take();
            if (first.events.length > events && !first.flow.draining) {
              parts = cut(first, events).reverse();
              continue;
            }
            passed.add(size, performance.now());
            out.next(first);
          }
          if (completed) out.complete();
        } catch (cause) {
          // Called by a timer, we are the last who can catch it.
          out.error(cause);
        }
      };
      out.add(() => {
        unregister?.();
        clearTimeout(timer);
      });
      return deliveries.subscribe({
        next(delivery) {
          unregister ??= delivery.flow.onFlush(() => {
            if (delivery.flow.draining && oldest() !== undefined) letGo();
          });
          held.push(delivery);
          if (timer === undefined && oldest() === delivery) letGo();
        },
        error: (cause) => out.error(cause),
        complete() {
          completed = true;
          if (oldest() === undefined) out.complete();
        },
      });
    });
  return Object.assign(named('throttleEvents', operator), { [HOLDS]: true });
}

/** Counts what passed within the last span. */
class SlidingCount {
  #passed: { readonly at: number; readonly events: number }[] = [];
  #sum = 0;

  constructor(
    private readonly most: number,
    private readonly spanMs: number,
  ) {}

  /** Milliseconds until `events` more may pass. */
  waitFor(events: number, now: number): number {
    while (this.#passed[0] !== undefined && this.#passed[0].at + this.spanMs <= now) {
      this.#sum -= (this.#passed.shift() as { events: number }).events;
    }
    let over = this.#sum + events - this.most;
    if (over <= 0) return 0;
    for (const { at, events: gone } of this.#passed) {
      over -= gone;
      if (over <= 0) return at + this.spanMs - now;
    }
    return this.spanMs;
  }

  add(events: number, now: number): void {
    this.#passed.push({ at: now, events });
    this.#sum += events;
  }
}

function cut<T>(delivery: Delivery<T>, size: number): Delivery<T>[] {
  const { events } = delivery;
  const parts = Array.from({ length: Math.ceil(events.length / size) }, (_, at) => ({
    events: events.slice(at * size, (at + 1) * size),
  }));
  return delivery.split(parts);
}

function validated(options: ThrottleOptions): ThrottleOptions {
  refuseUnknownOptions('throttleEvents', options, ['events', 'perMs']);
  if (!(Number.isSafeInteger(options.events) && options.events > 0)) invalid('`events` must be a whole number above 0');
  if (!(Number.isFinite(options.perMs) && options.perMs > 0)) invalid('`perMs` must be a finite number above 0');
  return options;
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', `throttleEvents: ${message}`);
}
