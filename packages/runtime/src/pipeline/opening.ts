import {
  type Checkpoint,
  type CheckpointStore,
  type Lane,
  refuseForeignCheckpoints,
  type SinkSession,
  type SourceSession,
} from '@sluice/contracts';
import { within } from '../retry/within.js';
import { type Observed, observedSink } from '../telemetry/observed-sink.js';
import { observedStore } from '../telemetry/observed-store.js';
import type { GenerationHooks } from './generation.js';
import type { Plan } from './plan.js';

/** How long closing waits for a write that is under way, or for a source or sink to close, in milliseconds. */
const CLOSE_MS = 10_000;
/** The same once the deadline of a drain has passed. */
const LATE_CLOSE_MS = 1_000;

/** A source and a sink that are open, and where the sink stands. */
export interface OpenParts {
  readonly session: SourceSession<unknown>;
  readonly sinkSession: SinkSession<unknown>;
  readonly store: CheckpointStore | undefined;
  readonly checkpoints: Map<Lane, Checkpoint | null>;
  /** Who is measured, for what is told apart from writes and saves. */
  readonly observed: Observed;
}

/** Opens sink and source, in this order. What was opened is closed again when the rest can't be. */
export async function openParts(plan: Plan, hooks: GenerationHooks, signal: AbortSignal): Promise<OpenParts> {
  const context = { pipeline: plan.name, signal, notice: hooks.notice };
  const observed = { pipeline: plan.name, sink: plan.sink.name, measured: hooks.measured };
  const sinkSession = observedSink(await plan.sink.open(context), observed);
  try {
    const own = plan.checkpoints && observedStore(plan.checkpoints, observed);
    const store = sinkSession.checkpoints ?? own;
    const checkpoints = await loadCheckpoints(plan, store);
    const { maxBatchBytes } = plan.options;
    const refresh = async () => {
      const now = await loadCheckpoints(plan, store);
      checkpoints.clear();
      for (const [lane, checkpoint] of now) checkpoints.set(lane, checkpoint);
    };
    const session = await plan.source.open({
      ...context,
      checkpoints,
      maxBatchBytes,
      refresh,
      standby: hooks.standby,
      trouble: hooks.trouble,
    });
    try {
      // Too late: whoever comes after us may have taken the lanes over already.
      signal.throwIfAborted();
      if (session.identityOf === undefined) refuseForeignCheckpoints(checkpoints, session.identity);
      return { session, sinkSession, store, checkpoints, observed };
    } catch (error) {
      await dispose(session, hooks);
      throw error;
    }
  } catch (error) {
    await dispose(sinkSession, hooks);
    throw error;
  }
}

async function loadCheckpoints(plan: Plan, store: CheckpointStore | undefined): Promise<OpenParts['checkpoints']> {
  const stored = (await store?.load(plan.name)) ?? [];
  return new Map(
    stored.filter(({ sink }) => sink === plan.sink.name).map(({ lane, checkpoint }) => [lane, checkpoint]),
  );
}

/** Closes a source or a sink; waits for it, but not for ever, and tells when that fails. */
export async function dispose(part: AsyncDisposable, { retried }: GenerationHooks, ms = CLOSE_MS): Promise<void> {
  const closing = async () => part[Symbol.asyncDispose]();
  await within(
    closing().catch((error: unknown) => retried(error, 0)),
    ms,
  );
}

/** How long a step of closing may take, in milliseconds: less the nearer the deadline of a drain is, where there is one. */
export function closingMs(deadline: number | undefined): number {
  if (deadline === undefined) return CLOSE_MS;
  return Math.min(CLOSE_MS, Math.max(LATE_CLOSE_MS, deadline - performance.now()));
}
