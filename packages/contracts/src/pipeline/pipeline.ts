import type { Lane } from '../position/lane.js';

/** `idle → starting → running → draining → stopped | failed`. */
export type PipelineState = 'idle' | 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** What a drain had to give up; all of it is delivered again at the next start. */
export interface DrainReport {
  /** Whether everything in flight was settled within the deadline. */
  readonly complete: boolean;
  /** Events in flight that were not settled, by lane. */
  readonly givenUp: ReadonlyMap<Lane, number>;
  readonly tookMs: number;
}

/**
 * A running composition of a source, operators and a sink.
 *
 * - `run` resolves when the pipeline was drained or its source ended, and rejects when it failed.
 * - `drain` stops pulling, settles what is in flight, checkpoints, confirms and closes, within the deadline.
 * - `caughtUp` takes the source's head when called, and resolves once the settled prefix has reached it.
 */
export interface Pipeline extends AsyncDisposable {
  readonly name: string;
  readonly state: PipelineState;
  run(signal?: AbortSignal): Promise<void>;
  drain(options?: { readonly timeoutMs?: number }): Promise<DrainReport>;
  caughtUp(options?: { readonly timeoutMs?: number }): Promise<void>;
}
