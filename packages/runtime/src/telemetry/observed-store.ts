import type { CheckpointStore, CheckpointWrite } from '@sluice/contracts';
import { causeOf } from '../retry/failure-class.js';
import { CHANNELS, type CheckpointMessage } from './channels.js';
import type { Observed } from './observed-sink.js';

/** The same checkpoint store, its saves measured and told. */
export function observedStore(store: CheckpointStore, observed: Observed): CheckpointStore {
  const all: { [Member in keyof Required<CheckpointStore>]: CheckpointStore[Member] } = {
    durable: store.durable,
    acquire: (...about) => store.acquire(...about),
    load: (pipeline) => store.load(pipeline),
    save: (writes) =>
      observed.measured === undefined && !CHANNELS.checkpoint.hasSubscribers
        ? store.save(writes)
        : observedSave(store, writes, observed),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return all;
}

async function observedSave(store: CheckpointStore, writes: readonly CheckpointWrite[], observed: Observed) {
  const started = performance.now();
  let outcome: CheckpointMessage['outcome'] = 'failed';
  let code: string | undefined;
  try {
    const answer = await store.save(writes);
    outcome = answer;
    return answer;
  } catch (error) {
    code = causeOf(error).code;
    throw error;
  } finally {
    const tookMs = performance.now() - started;
    observed.measured?.checkpointed(tookMs, outcome);
    tellCheckpoint(observed, writes, tookMs, outcome, code);
  }
}

/** Tells those who listen on `sluice:checkpoint`. */
export function tellCheckpoint(
  { pipeline, sink }: Observed,
  writes: readonly CheckpointWrite[],
  tookMs: number,
  outcome: CheckpointMessage['outcome'],
  code: string | undefined,
): void {
  if (!CHANNELS.checkpoint.hasSubscribers) return;
  const positions = writes.map(({ lane, checkpoint }) => ({ lane, position: checkpoint?.position ?? null }));
  const message: CheckpointMessage = { pipeline, sink, positions, tookMs, outcome, ...(code ? { code } : {}) };
  CHANNELS.checkpoint.publish(message);
}
