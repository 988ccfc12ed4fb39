import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { ComponentError } from '../failure/component-error.js';
import type { Lane } from '../position/lane.js';
import type { Position } from '../position/position.js';
import type { Frame } from './frame.js';

/** What a source can do; the conformance suite and the pipeline's guarantee are keyed by it. */
export interface SourceFeatures {
  /** `cumulative`: a confirmed position covers all before it. `individual`: each event has a token of its own. */
  readonly ack: 'cumulative' | 'individual';
  /** Whether the source can start again from an unconfirmed position, and delivers the same events in the same order. */
  readonly replayable: boolean;
  /** For `individual`: how long a delivered event stays ours without `extend`, in milliseconds. */
  readonly visibilityTimeoutMs?: number;
  /**
   * Instances share the lanes out among themselves (a lease, a consumer group). A stale fence then means that a lane was taken
   * over, which is no mistake of anyone: the pipeline opens its source anew instead of failing.
   */
  readonly shared?: boolean;
}

/** What the runtime tells a source when it opens it. */
export interface SourceContext {
  /** The pipeline's name. */
  readonly pipeline: string;
  /**
   * Where each lane stands: the least of its sinks' checkpoints. `null` for a lane that was announced once and has never
   * had a position since; a lane that is missing was never announced, or its checkpoint was lost.
   */
  readonly checkpoints: ReadonlyMap<Lane, Checkpoint | null>;
  /**
   * Places at which a frame must end, besides those that the source chooses: where other sinks of the pipeline stand, which are
   * further than the one that the lane starts from. They are given no event twice.
   */
  readonly cuts?: ReadonlyMap<Lane, readonly Position[]>;
  /**
   * Reads the checkpoints again: for a source that is given a lane some time after it was opened. `checkpoints` has them when it
   * resolves. Absent where they cannot change while the source is open.
   */
  readonly refresh?: () => Promise<void>;
  /**
   * Called with the reason while the source waits on purpose, as long as another instance reads what it would read; with
   * undefined once that is over. Waiting so is as it should be, however long it takes.
   */
  readonly standby?: (reason: string | undefined) => void;
  /**
   * Called when something keeps the source from reading and it tries to mend that by itself (a connection that is opened again);
   * with undefined once it reads again. Shows in the pipeline's health: an outage must not look like an idle source.
   */
  readonly trouble?: (error: ComponentError | undefined) => void;
  /** Frames are split above this many bytes. A single event may be larger. */
  readonly maxBatchBytes: number;
  /** Aborted when the session must end at once. */
  readonly signal: AbortSignal;
  /** What a person should know while nothing else happens ("waits for open transactions"); not for normal operation. */
  readonly notice: (message: string) => void;
}

/** A lane is being taken away; settle what you can until the deadline, then call `done`. */
export interface Revocation {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** What is settled has been confirmed, and nothing more of this generation will be. */
  done(): void;
}

/**
 * Reads one lane.
 *
 * - `frames()` is called once. Nothing is read off the wire until the next frame is asked for, apart from a buffer of fixed
 *   size. It starts after the lane's checkpoint, leaving out the first `within` events.
 * - `confirm(upTo)` is called only with positions whose checkpoint is durable, ascending, one call at a time. When it
 *   resolves, the source has taken note; it may send the confirmation later, but never a value that it was not given.
 * - `revoked` never waits for frames to be pulled, and stays pending while the lane is ours.
 */
export interface LaneReader<T> {
  readonly lane: Lane;
  /** Grows each time the lane is assigned anew; a stale generation confirms nothing. */
  readonly generation: bigint;
  /**
   * What the source knows to be confirmed. A checkpoint that lies before it is an error: what lies between can no longer be
   * read.
   */
  readonly confirmed?: Position;
  /** Where the lane begins when it has no checkpoint. Made durable before the checkpoints of the `after` lanes go. */
  readonly start?: Position;
  /** Lanes that must have ended and settled before this one is read. */
  readonly after?: readonly Lane[];
  frames(): AsyncIterable<Frame<T>>;
  confirm(upTo: Position): Promise<void>;
  readonly revoked: Promise<Revocation>;
}

/** An open source. Disposing it ends every lane; what is unsettled then is delivered again by a later session. */
export interface SourceSession<T> extends AsyncDisposable {
  /** Names the history that positions belong to (cluster, timeline, slot). A checkpoint of another one is an error. */
  readonly identity: string;
  /** For a source that is made of several: the identity that the positions of one lane belong to. Default: `identity`. */
  identityOf?(lane: Lane): string;
  /** Bytes of the source's own log from one position to the other; undefined when it can't say. */
  bytesBetween?(lane: Lane, from: Position, to: Position): number | undefined;
  /** Lanes as they appear. Ends when there will be no more. */
  lanes(): AsyncIterable<LaneReader<T>>;
  /** Where each lane would stand if all that is committed now were done. */
  head(): Promise<ReadonlyMap<Lane, Position>>;
}

/**
 * Where events come from. A source reads from a position and is told "everything up to here is durable"; it keeps no
 * checkpoints and never decides what is settled.
 */
export interface Source<T> {
  readonly name: string;
  readonly features: SourceFeatures;
  open(ctx: SourceContext): Promise<SourceSession<T>>;
}
