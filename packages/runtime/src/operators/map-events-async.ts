import { ComponentError, type Envelope, refuseUnknownOptions } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';
import { LONGEST_TIMER_MS } from '../retry/within.js';
import { named } from './each-batch.js';

/** How many calls at once, and for how long. */
export interface MapAsyncOptions {
  /** Calls under way at once, at most, over all lanes. 1 to 10,000. Default: 16. */
  readonly concurrency?: number;
  /** How long one call may take, in milliseconds; above 0. Default: 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Turns each event's data into other data by an asynchronous function: a look-up, a call of another service. Events are
 * handled side by side, also those of deliveries that come later; events with the same key one after the other. Deletions
 * pass as they are.
 *
 * `signal` is aborted when the call has timed out or nobody waits for it any more: hand it on.
 *
 * Order: as received within a lane (and partition), whatever finishes first. Throws: an event whose call rejects, or takes longer than `timeoutMs`
 * (`EVENT_TIMEOUT`), goes to the dead letters (or fails the pipeline), the others of its batch go on. `OPTIONS_INVALID` at
 * once.
 */
export function mapEventsAsync<T, U>(
  map: (data: T, event: Envelope<T>, signal: AbortSignal) => Promise<U | null>,
  options: MapAsyncOptions = {},
): OperatorFunction<Delivery<T>, Delivery<U>> {
  const { concurrency, timeoutMs } = validated(options);
  const operator: OperatorFunction<Delivery<T>, Delivery<U>> = (deliveries) =>
    new Observable((out) => {
      const underWay = new Set<AbortController>();
      const slots = new Slots(concurrency);
      /** The last call of each lane and key that is under way. */
      const lastOf = new Map<string, Promise<unknown>>();
      /** What each lane (and partition) will emit last. */
      const emissions = new Map<string, Promise<void>>();
      out.add(() => {
        for (const one of underWay) one.abort();
      });

      const call = async (event: Envelope<T>): Promise<Outcome<U>> => {
        await slots.take();
        try {
          if (out.closed) return { event: event as Envelope<never> };
          const made = await timed((signal) => map(event.data as T, event, signal), timeoutMs, underWay);
          return { event: event.with(made) };
        } catch (cause) {
          return { failure: { event, cause } };
        } finally {
          slots.giveBack();
        }
      };
      const callInTurn = (lane: string, event: Envelope<T>): Outcome<U> | Promise<Outcome<U>> => {
        if (event.data === null) return { event: event as Envelope<never> };
        const { key } = event;
        if (key === undefined) return call(event);
        const turn = `${lane}/${key}`;
        const before = lastOf.get(turn);
        const mine = before === undefined ? call(event) : before.then(() => call(event));
        lastOf.set(turn, mine);
        void mine.then(() => {
          if (lastOf.get(turn) === mine) lastOf.delete(turn);
        });
        return mine;
      };
      return deliveries.subscribe({
        next(delivery) {
          try {
            const calls = Promise.all(delivery.events.map((event) => callInTurn(delivery.lane, event)));
            const lane = `${delivery.partition ?? ''}/${delivery.lane}`;
            const before = emissions.get(lane);
            const mine = calls
              .then(async (outcomes) => {
                await before;
                if (!out.closed) pass(delivery, outcomes, (made) => out.next(made));
                if (emissions.get(lane) === mine) emissions.delete(lane);
              })
              .catch((cause: unknown) => out.error(cause));
            emissions.set(lane, mine);
          } catch (cause) {
            out.error(cause);
          }
        },
        error: (cause) => out.error(cause),
        complete: () => void Promise.all(emissions.values()).then(() => out.complete()),
      });
    });
  return named('mapEventsAsync', operator);
}

type Outcome<U> = { readonly event: Envelope<U> } | { readonly failure: Failure };

function pass<T, U>(delivery: Delivery<T>, outcomes: readonly Outcome<U>[], emit: (made: Delivery<U>) => void): void {
  const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure] : []));
  const made = outcomes.flatMap((outcome) => ('event' in outcome ? [outcome.event] : []));
  delivery.divert(failures);
  if (made.length === 0) delivery.settle();
  else emit(delivery.with(made));
}

async function timed<R>(
  work: (signal: AbortSignal) => Promise<R>,
  ms: number,
  underWay: Set<AbortController>,
): Promise<R> {
  const over = new AbortController();
  underWay.add(over);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = new ComponentError('EVENT_TIMEOUT', `a call took longer than ${ms} ms`, {
          details: { timeoutMs: ms },
        });
        // First: a call that answers to being aborted is late all the same.
        reject(error);
        over.abort(error);
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
  });
  try {
    return await Promise.race([work(over.signal), late]);
  } finally {
    clearTimeout(timer);
    underWay.delete(over);
  }
}

/** So many at once; the others wait in turn. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

function validated(options: MapAsyncOptions): Required<MapAsyncOptions> {
  refuseUnknownOptions('mapEventsAsync', options, ['concurrency', 'timeoutMs']);
  const { concurrency = 16, timeoutMs = 30_000 } = options;
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 10_000)) {
    invalid('`concurrency` must be a whole number from 1 to 10,000');
  }
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) invalid('`timeoutMs` must be a finite number above 0');
  return { concurrency, timeoutMs };
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', `mapEventsAsync: ${message}`);
}
