import {
  ComponentError,
  type DeadLetterStore,
  isComponentError,
  type Lane,
  type NewDeadLetter,
  type Position,
} from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import type { Counters } from '../pipeline/counters.js';
import type { Plan } from '../pipeline/plan.js';
import { causeOf, retryClass } from '../retry/failure-class.js';
import { backoffMs, pause } from '../retry/retry-policy.js';
import type { Ledger } from '../settlement/ledger.js';
import type { ParkedKeys } from './parked-keys.js';

/** Events that can't be processed, and where they failed. */
export interface Grave {
  readonly lane: Lane;
  readonly position: Position | undefined;
  /** The newest source batch that they may be of, and of which ledger; undefined for the sink. */
  readonly seq: number;
  readonly ledger: Ledger | undefined;
  /** The number and the name of the stage. */
  readonly stage: { readonly at: number; readonly name: string };
  readonly failures: readonly Failure[];
  /** How often an event was tried. */
  readonly attempts: (failure: Failure) => number;
}

/** What burials are made of. */
export interface BurialParts {
  readonly plan: Plan;
  /** Given where the policy is `park`. */
  readonly parked: ParkedKeys | undefined;
  readonly counters: Counters;
  readonly signal: AbortSignal;
  readonly retried: (error: unknown, attempt: number) => void;
  /** Events were dropped: how many there were before, and are now. */
  readonly skipped: (before: number, total: number) => void;
}

/** The most letters of one `put`. */
const LETTERS_OF_A_PUT = 1_000;

/**
 * Does with events that can't be processed what the pipeline's policy says.
 *
 * One `put` is under way at a time, and takes up what gathered behind the one before: letters are stored in the order in which
 * their events failed.
 */
export class Burials {
  #waiting: Coffin[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly parts: BurialParts) {}

  /**
   * Resolves when the events are durable among the dead letters, or were dropped as the policy says. From the moment of the
   * call on, later events of parked keys are known to follow.
   *
   * @throws ComponentError `PIPELINE_EVENT_FAILED` when the policy is to stop; the store's own error when that can't be helped.
   */
  async bury(grave: Grave): Promise<void> {
    const { plan, parked, counters, skipped } = this.parts;
    if (plan.onFailure === 'stop') throw stopped(plan.name, grave);
    if (plan.deadLetters === undefined) {
      const before = counters.skipped;
      counters.skipped += grave.failures.length;
      skipped(before, counters.skipped);
      return;
    }
    const letters = grave.failures.map((failure) => letterOf(plan, grave, failure));
    const keyed = parked ? letters.filter(({ event }) => event.key !== undefined) : [];
    const at = { stage: grave.stage.at, ledger: grave.ledger, seq: grave.seq };
    for (const { event, attempts } of keyed) parked?.park(event.key as string, at, attempts === 0);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ letters, resolve, reject });
      this.#running ??= this.#run(plan.deadLetters as DeadLetterStore);
    });
    for (const { event } of keyed) parked?.placed(event.key as string);
    counters.deadLetters += letters.length;
  }

  /** Resolves when no letter is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(store: DeadLetterStore): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#put(
          store,
          group.flatMap(({ letters }) => letters),
        );
        for (const { resolve } of group) resolve();
      } catch (error) {
        // What waits behind is not put either: its keys would come out of order.
        for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#running = undefined;
  }

  #take(): Coffin[] {
    let letters = 0;
    const fits = this.#waiting.findIndex((coffin) => {
      letters += coffin.letters.length;
      return letters > LETTERS_OF_A_PUT;
    });
    return this.#waiting.splice(0, fits === -1 ? this.#waiting.length : Math.max(1, fits));
  }

  async #put(store: DeadLetterStore, letters: readonly NewDeadLetter[]): Promise<void> {
    const { plan, signal, retried } = this.parts;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        await store.put(letters);
        return;
      } catch (error) {
        if (signal.aborted || retryClass(error) === 'operator' || attempt >= plan.retry.maxAttempts) throw error;
        retried(error, attempt);
        await pause(backoffMs(plan.retry, attempt), signal);
      }
    }
  }
}

interface Coffin {
  readonly letters: readonly NewDeadLetter[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function letterOf({ name, sink, onFailure }: Plan, grave: Grave, failure: Failure): NewDeadLetter {
  const { event, cause } = failure;
  return {
    pipeline: name,
    sink: sink.name,
    lane: grave.lane,
    position: grave.position ?? { resume: '', within: 0 },
    event,
    ...(event.record instanceof Uint8Array ? { original: event.record } : {}),
    stage: grave.stage.name,
    cause: causeOf(cause),
    attempts: grave.attempts(failure),
    at: new Date(),
    parked: onFailure === 'park' && event.key !== undefined,
  };
}

/** Whether an event was not tried, but only comes after one that failed. */
export function isFollower({ cause }: Failure): boolean {
  return isComponentError(cause) && cause.code === 'EVENT_PARKED';
}

function stopped(pipeline: string, { lane, stage, failures, attempts }: Grave): ComponentError {
  const first = failures[0] as Failure;
  const { code, message } = causeOf(first.cause);
  return new ComponentError('PIPELINE_EVENT_FAILED', `event ${first.event.id} can't be processed: ${message}`, {
    cause: first.cause,
    details: {
      pipeline,
      lane,
      stage: stage.name,
      event: first.event.id,
      events: failures.length,
      attempts: attempts(first),
      code,
    },
  });
}
