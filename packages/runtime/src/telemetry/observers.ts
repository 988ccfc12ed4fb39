import type { Attributes, Metric, RecordGauge } from '@sluice/contracts';
import { within } from '../retry/within.js';

/** What was recorded in one round, by gauge. */
export type Round = ReadonlyMap<Metric, readonly { readonly value: number; readonly attributes: Attributes }[]>;

type Observe = (record: RecordGauge) => void | Promise<void>;

/** How long an observer may take, in milliseconds, lest it is left out of the round. */
const PATIENCE_MS = 2_000;

/** Those who record gauges. All metrics of one look share a round, so that each observer is asked once. */
export class Observers {
  readonly #all = new Set<Observe>();
  #round: Promise<Round> | undefined;

  constructor(private readonly patienceMs = PATIENCE_MS) {}

  /** Returns what removes it. */
  add(observe: Observe): () => void {
    // Wrapped, so that the same function given twice counts twice.
    const one: Observe = (record) => observe(record);
    this.#all.add(one);
    return () => this.#all.delete(one);
  }

  /** Asks every observer, once for all who call while it is under way. */
  round(): Promise<Round> {
    this.#round ??= this.#ask().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #ask(): Promise<Round> {
    const round = new Map<Metric, { value: number; attributes: Attributes }[]>();
    let over = false;
    const record: RecordGauge = (gauge, value, attributes) => {
      if (over) return;
      const values = round.get(gauge);
      if (values === undefined) round.set(gauge, [{ value, attributes }]);
      else values.push({ value, attributes });
    };
    await Promise.all([...this.#all].map((observe) => within(asked(observe, record), this.patienceMs)));
    over = true;
    return round;
  }
}

async function asked(observe: Observe, record: RecordGauge): Promise<void> {
  try {
    await observe(record);
  } catch {
    // What one observer can't tell must not keep the others from being seen.
  }
}
