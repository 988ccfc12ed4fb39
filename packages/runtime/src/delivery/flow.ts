import type { Lane } from '@sluice/contracts';
import { AfterDurable } from '../settlement/after-durable.js';
import type { Entry } from '../settlement/ledger.js';
import type { Failure } from './delivery.js';

/** What a pipeline does for its operators. */
export interface FlowServices {
  /** Whether the pipeline is being drained. */
  readonly draining: () => boolean;
  /** Tries work again as the pipeline's retry policy has it; rejects with the last error. */
  readonly persist: <R>(work: () => Promise<R>) => Promise<R>;
  /** Tells a person something. */
  readonly notice: (message: string) => void;
  /** Ends the generation. */
  readonly failed: (error: unknown) => void;
  /** Whether the later events of a key follow one that is diverted. */
  readonly parks?: boolean;
}

const NO_SERVICES: FlowServices = {
  draining: () => false,
  persist: (work) => work(),
  notice: () => {},
  failed: () => {},
};

/** What the deliveries of one generation of a pipeline share. */
export class Flow {
  readonly #flushers = new Set<() => void>();

  constructor(
    private readonly diverted: (
      lane: Lane,
      entries: readonly Entry[],
      failures: readonly Failure[],
      stage: string,
    ) => void,
    private readonly pressed: () => boolean,
    /** Whether stages may change the order of events with the same key. */
    readonly unordered = false,
    private readonly services: FlowServices = NO_SERVICES,
  ) {}

  /** Whether the later events of a key follow one that is diverted. */
  get parks(): boolean {
    return this.services.parks ?? false;
  }

  /** Whether the pipeline is being drained: what is held back longer is given up. */
  get draining(): boolean {
    return this.services.draining();
  }

  /** Work with a store, tried again as the pipeline's retry policy has it. */
  persist<R>(work: () => Promise<R>): Promise<R> {
    return this.services.persist(work);
  }

  /** What a person should know; never row values. */
  notice(message: string): void {
    this.services.notice(message);
  }

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
    for (const entry of entries) {
      entry.ledger.release(entry);
      if (entry.after) for (const one of entry.after) if (one.begins()) this.#finish(one);
    }
  }

  /** See {@link AfterDurable}. */
  afterDurable(entries: readonly Entry[], action: () => Promise<void>): void {
    new AfterDurable(entries, () => this.services.persist(action));
  }

  divert(lane: Lane, entries: readonly Entry[], failures: readonly Failure[], stage: string): void {
    this.diverted(lane, entries, failures, stage);
  }

  #finish(one: AfterDurable): void {
    one.run().catch((error: unknown) => this.services.failed(error));
  }
}
