import type { Lane } from '../position/lane.js';
import type { Position } from '../position/position.js';

/** How far one sink of a pipeline has come in one lane. */
export interface Checkpoint {
  readonly position: Position;
  /** The source session's `identity` at the time. */
  readonly identity: string;
}

/** One change of one checkpoint. */
export interface CheckpointWrite {
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: Lane;
  /** From `acquire`; a store refuses any that is not the newest. */
  readonly fence: bigint;
  /** `null` removes it: the lane has ended. */
  readonly checkpoint: Checkpoint | null;
}

/** A checkpoint as it is stored; `checkpoint` is null when the lane was acquired and has never had a position. */
export interface StoredCheckpoint {
  readonly sink: string;
  readonly lane: Lane;
  readonly fence: bigint;
  readonly checkpoint: Checkpoint | null;
}

/** Every checkpoint of one pipeline, over its sinks and lanes. */
export type Checkpoints = readonly StoredCheckpoint[];

/**
 * Keeps checkpoints, per pipeline, sink and lane.
 *
 * - `acquire` makes the caller the only one who may save: it durably raises the fence, and creates the entry when there is
 *   none. Fences of one entry only grow, also when the lane was removed in between.
 * - `save` is all or nothing over its writes, and durable when it resolves. `fenced`: at least one fence was stale, and
 *   nothing was written.
 */
export interface CheckpointStore extends AsyncDisposable {
  /** Whether what was saved outlives the process. Default: true. */
  readonly durable?: boolean | undefined;
  acquire(pipeline: string, sink: string, lane: Lane, owner: string): Promise<{ readonly fence: bigint }>;
  load(pipeline: string): Promise<Checkpoints>;
  save(writes: readonly CheckpointWrite[]): Promise<'saved' | 'fenced'>;
}
