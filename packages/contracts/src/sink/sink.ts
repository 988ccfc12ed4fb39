import type { CheckpointStore, CheckpointWrite } from '../checkpoint/checkpoint.js';
import type { Envelope } from '../event/envelope.js';
import type { TraceContext } from '../telemetry/trace-context.js';

/** What a sink can do; the pipeline's guarantee is computed from it. */
export interface SinkFeatures {
  /**
   * - `atomic`: stores the checkpoints that it is given in the same transaction as the events. Effectively once.
   * - `idempotent`: writing an event again, or an older version of it, changes nothing. Effectively once.
   * - `plain`: neither. At least once.
   */
  readonly delivery: 'atomic' | 'idempotent' | 'plain';
  /** The most events that one `write` should be given. Default: 5,000. */
  readonly maxEvents?: number;
}

/** What the runtime tells a component when it opens it. */
export interface ComponentContext {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Aborted when the session must end at once. */
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

/** What comes with one write. */
export interface WriteContext {
  /** For `atomic` sinks: every checkpoint advance that this write covers, to be stored in the same transaction. */
  readonly checkpoints: readonly CheckpointWrite[];
  /** How often these events were tried before; 0 at first. */
  readonly attempt: number;
  /** Aborted when nobody waits for the outcome any more. */
  readonly signal: AbortSignal;
  /** The span of this write, when it is traced: a sink that sends events on lets them carry it, see {@link carryTrace}. */
  readonly trace?: TraceContext;
}

/**
 * An open sink.
 *
 * `write` resolves only when the events are durable. It rejects with a `BatchError` that names the failed indexes when some
 * were written and some not; with any other error nothing counts as written. Per lane one write is in flight at a time.
 *
 * An `atomic` sink: a rejection means that nothing was written, a `BatchError` too (the runtime writes the good ones again).
 * Where that is not known, because the answer may have been lost after the commit, it rejects with an error other than a
 * `BatchError`, of any retry class but `never`: the runtime loads the checkpoints before it repeats the write, and takes it
 * for done when they stand where it was to put them.
 * It may be called with no events, to store checkpoints alone. When `checkpoints.save` answers `fenced`, it rolls back and
 * rejects with `CHECKPOINT_FENCED`.
 */
export interface SinkSession<T> extends AsyncDisposable {
  /** For `atomic` sinks: the store that its transactions write to. */
  readonly checkpoints?: CheckpointStore;
  write(events: readonly Envelope<T>[], ctx: WriteContext): Promise<void>;
}

/** Where events go. A sink says when a write is durable and nothing else. */
export interface Sink<T> {
  readonly name: string;
  readonly features: SinkFeatures;
  open(ctx: ComponentContext): Promise<SinkSession<T>>;
}
