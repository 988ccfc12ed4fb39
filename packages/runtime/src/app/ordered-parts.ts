import type { DrainReport } from '@sluice/contracts';
import { within } from '../retry/within.js';
import type { Part } from './part.js';

/** How long a part is waited for at the least when the deadline has passed, in milliseconds. */
const LEAST_MS = 1_000;
/** How much longer a pipeline may take than it was told, to close what hangs, in milliseconds. */
const CLOSING_MS = 10_000;

/** What became of a part that was told to stop. */
export type Stopped =
  | { readonly part: Part; readonly outcome: 'stopped'; readonly drained: DrainReport | undefined }
  | { readonly part: Part; readonly outcome: 'late' }
  | { readonly part: Part; readonly outcome: 'failed'; readonly error: unknown };

/** Parts in groups: groups start one after the other, the parts of one side by side; they stop the other way round. */
export class OrderedParts {
  /** Those whose start was called, and whether it went well. */
  readonly #begun = new Map<Part, Promise<boolean>>();
  readonly #starting = new Set<Part>();
  readonly #stopped = new Map<Part, Stopped>();

  constructor(readonly groups: readonly (readonly Part[])[]) {}

  get all(): readonly Part[] {
    return this.groups.flat();
  }

  /** What became of those that were told to stop, so far. */
  get stopped(): readonly Stopped[] {
    return [...this.#stopped.values()];
  }

  /** Those whose start was called and has not ended. */
  get starting(): readonly string[] {
    return [...this.#starting].map(({ name }) => name);
  }

  /** Starts group after group, and leaves off once `signal` is aborted. */
  async start(signal: AbortSignal, listener: StartListener): Promise<true> {
    for (const group of this.groups) {
      if (signal.aborted) break;
      await Promise.all(group.map((part) => this.#start(part, signal, listener)));
    }
    return true;
  }

  /** Stops what was begun, in reverse order, all of it within `timeoutMs`; each group is given a second at the least. */
  async stop(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (const group of this.groups.toReversed()) {
      const left = Math.max(0, deadline - performance.now());
      await Promise.all(group.filter((part) => this.#begun.has(part)).map((part) => this.#stop(part, left)));
    }
  }

  async #stop(part: Part, leftMs: number): Promise<void> {
    const waitMs = part.pipeline ? leftMs + CLOSING_MS : Math.max(LEAST_MS, leftMs);
    this.#stopped.set(part, { part, outcome: 'late' });
    try {
      const outcome = await within(this.#stopWhenStarted(part, leftMs), waitMs);
      if (outcome) this.#stopped.set(part, outcome);
    } catch (error) {
      this.#stopped.set(part, { part, outcome: 'failed', error });
    }
  }

  async #start(part: Part, signal: AbortSignal, { started, failed }: StartListener): Promise<void> {
    this.#starting.add(part);
    // In a turn of its own: one that throws is one that rejects.
    const start = Promise.resolve().then(() => part.start(signal));
    const outcome = start.then(
      () => {
        started(part);
        return true;
      },
      (error: unknown) => {
        failed(part, error);
        return false;
      },
    );
    this.#begun.set(part, outcome);
    await outcome;
    this.#starting.delete(part);
  }

  async #stopWhenStarted(part: Part, leftMs: number): Promise<Stopped> {
    // A pipeline can be drained while it starts; what else is starting is stopped once it has started, or has failed to.
    const started = part.pipeline !== undefined || (await this.#begun.get(part));
    const drained = started ? await part.stop(leftMs) : undefined;
    return { part, outcome: 'stopped', drained };
  }
}

/** Told of each part. */
export interface StartListener {
  readonly started: (part: Part) => void;
  readonly failed: (part: Part, error: unknown) => void;
}
