import { type CheckpointStore, ComponentError, type Position } from '@sluice/contracts';
import type { LaneRun } from '../lane/lane-run.js';
import { retryClass } from '../retry/failure-class.js';
import { backoffMs, pause, type RetryPolicy } from '../retry/retry-policy.js';

/** What a checkpointer is made of. */
export interface CheckpointerParts {
  readonly store: CheckpointStore;
  /** The least time between two saves, in milliseconds. */
  readonly intervalMs: number;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  readonly lane: (name: string) => LaneRun | undefined;
  readonly retried: (error: unknown, attempt: number) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Stores the settled prefix of every lane, one save at a time, and confirms it to the source afterwards: never before the
 * save is durable.
 */
export class Checkpointer {
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #lastSave = Number.NEGATIVE_INFINITY;
  #broken = false;

  constructor(private readonly parts: CheckpointerParts) {}

  /** The lane's prefix has moved on. */
  advanced(lane: string): void {
    this.#dirty.add(lane);
    if (this.#timer !== undefined || this.#saving !== undefined || this.#broken || this.parts.signal.aborted) return;
    const wait = Math.max(0, this.#lastSave + this.parts.intervalMs - performance.now());
    this.#timer = setTimeout(() => void this.#save(), wait);
  }

  /** Stores what is settled now, and waits for it; unless a save has failed for good. */
  async flush(): Promise<void> {
    // One save that began after we were called is enough; on a busy lane there is always something more to store.
    await this.#saving;
    if (this.#saving === undefined && (this.#dirty.size === 0 || this.#broken || this.parts.signal.aborted)) return;
    await (this.#saving ?? this.#save());
  }

  /** Ends the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty.clear();
  }

  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const saving = this.#saveDirty().catch((error: unknown) => {
      this.#broken = true;
      this.parts.failed(error);
    });
    this.#saving = saving.then(() => {
      this.#saving = undefined;
      this.#lastSave = performance.now();
      for (const lane of this.#dirty) this.advanced(lane);
    });
    return this.#saving;
  }

  async #saveDirty(): Promise<void> {
    let due: { run: LaneRun; position: Position }[] = [];
    for (const lane of this.#dirty) {
      const run = this.parts.lane(lane);
      const position = run?.unstored;
      if (run && position) due.push({ run, position });
    }
    this.#dirty.clear();
    for (let attempt = 1; ; attempt++) {
      // A lane that was taken away is stored by its new owner: that its fence refuses us is as it should be.
      due = due.filter(({ run }) => !run.ledger.abandoned);
      if (due.length === 0) return;
      try {
        const outcome = await this.parts.store.save(due.map(({ run, position }) => run.checkpointWrite(position)));
        if (outcome === 'fenced') {
          if (due.some(({ run }) => run.ledger.abandoned)) continue;
          throw fenced(due.map(({ run }) => run.lane));
        }
        for (const { run, position } of due) run.stored(position);
        return;
      } catch (error) {
        if (this.parts.signal.aborted) return;
        const { policy } = this.parts;
        if (retryClass(error) === 'operator' || attempt >= policy.maxAttempts) throw error;
        this.parts.retried(error, attempt);
        await pause(backoffMs(policy, attempt), this.parts.signal);
        if (this.parts.signal.aborted) return;
      }
    }
  }
}

/** The error for a save that another instance's fence refused. */
export function fenced(lanes: readonly string[]): ComponentError {
  return new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
    details: { lanes },
  });
}
