import type { CheckpointWrite, Envelope, Lane, Position } from '@sluice/contracts';
import type { Delivery } from '../delivery/delivery.js';

/** One write to a sink. */
export interface SinkWrite {
  readonly lane: Lane;
  /** Where the lane stands after it, as far as this write goes. */
  readonly position: Position | undefined;
  readonly events: readonly Envelope<unknown>[];
  /** For atomic sinks: what is stored in the same transaction. */
  readonly checkpoints: readonly CheckpointWrite[];
  /**
   * For atomic sinks, with replayed events: the checkpoints of their lanes as they stand, so that the write is refused when
   * another instance has taken one of the lanes over.
   */
  readonly fences?: readonly CheckpointWrite[];
}

/** Takes deliveries at the end of a pipeline and settles them once they are durable. */
export interface SinkWriter {
  accept(delivery: Delivery<unknown>): void;
  /** The lane's settled prefix has moved on. */
  advanced(lane: Lane): void;
  /** The lane was taken away: what waits for it is dropped, and a write that is under way may fail. */
  forget(lane: Lane): void;
  /** Whether nothing is being written and nothing waits for it. */
  readonly idle: boolean;
  /** Stores what is settled and not stored yet, of `lane` at least, and waits for it. */
  flush(lane?: Lane): Promise<void>;
  /** Resolves when no write is in flight; takes up no more. */
  close(): Promise<void>;
}

/** Events of one write when the sink does not say how many it wants. */
export const DEFAULT_MAX_EVENTS = 5_000;
