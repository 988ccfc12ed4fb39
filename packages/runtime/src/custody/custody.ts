import { ComponentError } from '@sluice/contracts';
import { Delivery, reused } from '../delivery/delivery.js';
import type { Entry } from '../settlement/ledger.js';
import { Stage } from './stage.js';

/** A stage of the pipeline and how many deliveries it holds. */
export interface StageReport {
  readonly name: string;
  readonly held: number;
}

/** What custody must know of a stage. */
export interface StageSetting {
  readonly name: string;
  /** Whether holding deliveries back is what the stage is for. */
  readonly holds: boolean;
  /** How long it may keep a delivery, in milliseconds, where it has a limit of its own. */
  readonly keepsAtMostMs?: number | undefined;
}

/**
 * Knows at any time which stage holds which delivery.
 *
 * A delivery that leaves a stage must have come into it (or been made of one that did), once. Leaving before an earlier one
 * with a key in common is an error unless the pipeline is `unordered`. A stage that keeps a delivery longer than the
 * settlement time-out is named as the one that lost it, unless holding back is what it is for.
 */
export class Custody {
  readonly #stages: readonly Stage[];

  /** The last stage is the sink. */
  constructor(
    stages: readonly StageSetting[],
    private readonly unordered: boolean,
  ) {
    this.#stages = stages.map((stage) => new Stage(stage.name, stage.holds, stage.keepsAtMostMs));
  }

  /** A delivery comes from the source, or is let in at a later stage. */
  receive(delivery: Delivery<unknown>, index = 0): void {
    (this.#stages[index] as Stage).append(delivery);
  }

  /** A delivery leaves stage `index` for the next. */
  pass(delivery: Delivery<unknown>, index: number): void {
    const from = this.#stages[index] as Stage;
    if (!(delivery instanceof Delivery)) {
      throw new ComponentError('PIPELINE_STAGE_FAILED', `${from.name} emitted something that is no delivery`, {
        retry: 'operator',
        advice:
          'Each step of .pipe takes deliveries and emits deliveries: put operators that do otherwise into one function.',
      });
    }
    if (delivery.spent || delivery.stage !== from) throw reused(delivery);
    if (from.first !== delivery && !this.unordered) refuseOvertaking(from, delivery);
    from.remove(delivery);
    (this.#stages[index + 1] as Stage).append(delivery);
  }

  report(): readonly StageReport[] {
    return this.#stages.map(({ name, held }) => ({ name, held }));
  }

  /** Whether a stage for which holding back is what it is for has something of the batch; the sink is none. */
  holdsOnPurpose(entry: Entry): boolean {
    for (const stage of this.#stages.slice(0, -1)) {
      if (!stage.holds) continue;
      for (let one = stage.first; one !== undefined; one = one.next) if (one.entries.includes(entry)) return true;
    }
    return false;
  }

  /**
   * Looks at the oldest delivery of each stage but the sink, and answers with an error when it has been that for too long. A
   * stage that is slow gets through its deliveries one by one; one that has lost a delivery keeps it as its oldest.
   */
  overdue(now: number, timeoutMs: number): ComponentError | undefined {
    for (const stage of this.#stages.slice(0, -1)) {
      const oldest = stage.first;
      if (stage.oldest !== oldest) {
        stage.oldest = oldest;
        stage.oldestSince = now;
      }
      if (oldest === undefined) continue;
      const { name, held, keepsAtMostMs } = stage;
      if (keepsAtMostMs !== undefined) {
        if (now - stage.oldestSince < keepsAtMostMs) continue;
        return new ComponentError('EVENT_TIMEOUT', `${name} has kept a delivery for more than ${keepsAtMostMs} ms`, {
          details: { stage: name, held, lane: oldest.lane, timeoutMs: keepsAtMostMs },
        });
      }
      if (stage.holds || now - stage.oldestSince < timeoutMs) continue;
      return new ComponentError(
        'PIPELINE_DELIVERY_LOST',
        `${stage.name} has kept a delivery of lane ${oldest.lane} for more than ${timeoutMs} ms`,
        { details: { stage: stage.name, held: stage.held, lane: oldest.lane, timeoutMs } },
      );
    }
    return undefined;
  }
}

function refuseOvertaking(stage: Stage, delivery: Delivery<unknown>): void {
  let keys: Set<string> | undefined;
  for (let earlier = stage.first; earlier !== undefined && earlier !== delivery; earlier = earlier.next) {
    // What is left of a lane that was taken away is delivered again by its new owner, and reaches no sink from here.
    if (earlier.lane !== delivery.lane || earlier.stale || disjoint(earlier, delivery)) continue;
    keys ??= keysOf(delivery);
    for (const event of earlier.events) {
      const key = event.key;
      if (key === undefined || !keys.has(key)) continue;
      throw new ComponentError(
        'PIPELINE_DELIVERY_REORDERED',
        `${stage.name} let an event overtake (or has lost) one of the same key`,
        {
          details: { stage: stage.name, lane: delivery.lane },
        },
      );
    }
  }
}

function disjoint(a: Delivery<unknown>, b: Delivery<unknown>): boolean {
  return a.partition !== undefined && b.partition !== undefined && a.partition !== b.partition;
}

function keysOf(delivery: Delivery<unknown>): Set<string> {
  const keys = new Set<string>();
  for (const event of delivery.events) if (event.key !== undefined) keys.add(event.key);
  return keys;
}
