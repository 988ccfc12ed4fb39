import type { AckToken, Frame } from '@sluice/contracts';

/** How far the branches of a routed pipeline may be apart. */
export interface RouteBuffer {
  /** Bytes of batches that a faster branch has and a slower one has not, over all lanes. Default: 4 MiB. */
  readonly bytes?: number;
  /** Batches of that kind. Default: 256. */
  readonly batches?: number;
}

/** A frame that some branch has not taken yet. */
export interface HeldFrame {
  readonly bytes: number;
  readonly tokens: readonly AckToken[];
  /** Branches that have not taken it. */
  open: number;
}

/** The frames between the fastest and the slowest branch of a routed pipeline. */
export class Backlog {
  readonly #held = new Set<HeldFrame>();
  #bytes = 0;

  constructor(
    private readonly limits: Required<RouteBuffer>,
    /** There is room again. */
    private readonly freed: () => void,
  ) {}

  get hasRoom(): boolean {
    return this.#bytes < this.limits.bytes && this.#held.size < this.limits.batches;
  }

  /** A frame that `open` branches are to take. */
  hold(frame: Frame<unknown>, open: number): HeldFrame {
    const batch = frame.kind === 'batch' ? frame : undefined;
    const held = { bytes: batch?.bytes ?? 0, tokens: batch?.tokens ?? [], open };
    this.#held.add(held);
    this.#bytes += held.bytes;
    return held;
  }

  /** A branch has taken the frame, or never will. */
  taken(held: HeldFrame): void {
    held.open -= 1;
    if (held.open > 0) return;
    const { hasRoom } = this;
    this.#held.delete(held);
    this.#bytes -= held.bytes;
    if (!hasRoom && this.hasRoom) this.freed();
  }

  /** Every token of the frames that wait. */
  *tokens(): Generator<AckToken> {
    for (const { tokens } of this.#held) yield* tokens;
  }
}
