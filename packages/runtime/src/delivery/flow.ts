import type { Lane } from '@sluice/contracts';
import type { Entry } from '../settlement/ledger.js';
import type { Failure } from './delivery.js';

/** What the deliveries of one generation of a pipeline share. */
export class Flow {
  readonly #flushers = new Set<() => void>();

  constructor(
    private readonly diverted: (lane: Lane, entries: readonly Entry[], failures: readonly Failure[]) => void,
    private readonly pressed: () => boolean,
    /** Whether stages may change the order of events with the same key. */
    readonly unordered = false,
  ) {}

  /** Whether nothing may be held back now: the pipeline waits for credit with nothing being written, or it drains. */
  get urgent(): boolean {
    return this.pressed();
  }

  /**
   * Registers an operator that holds deliveries back. `emit` is called when it must let go of them at once: the pipeline
   * waits for credit and nothing is being written, or it drains. Returns what unregisters it.
   */
  onFlush(emit: () => void): () => void {
    this.#flushers.add(emit);
    return () => this.#flushers.delete(emit);
  }

  /** Makes every holding operator emit what it holds. */
  flush(): void {
    // Those that are there now: one that registers meanwhile finds the flow urgent.
    for (const emit of [...this.#flushers]) emit();
  }

  release(entries: readonly Entry[]): void {
    for (const entry of entries) entry.ledger.release(entry);
  }

  divert(lane: Lane, entries: readonly Entry[], failures: readonly Failure[]): void {
    this.diverted(lane, entries, failures);
  }
}
