import type { Lane } from '@sluice/contracts';

/** Names that are remembered, at most. */
const MAX_LANES = 1_000_000;

/**
 * Lanes that have ended and settled: others may come after them, and then their checkpoints go. Of each only what that needs is
 * kept, for a source may make lanes without end. Above a million the oldest are forgotten.
 */
export class EndedLanes {
  readonly #fences = new Map<Lane, bigint | undefined>();

  constructor(private readonly maxLanes = MAX_LANES) {}

  get size(): number {
    return this.#fences.size;
  }

  has(lane: Lane): boolean {
    return this.#fences.has(lane);
  }

  /** `fence` is what its checkpoint can be removed with; undefined when it has none. */
  add(lane: Lane, fence: bigint | undefined): void {
    this.#fences.delete(lane);
    this.#fences.set(lane, fence);
    for (const oldest of this.#fences.keys()) {
      if (this.#fences.size <= this.maxLanes) break;
      this.#fences.delete(oldest);
    }
  }

  fence(lane: Lane): bigint | undefined {
    return this.#fences.get(lane);
  }

  /** Its checkpoint is removed. */
  cleared(lane: Lane): void {
    if (this.#fences.has(lane)) this.#fences.set(lane, undefined);
  }

  /** The lane has come back. */
  delete(lane: Lane): void {
    this.#fences.delete(lane);
  }
}
