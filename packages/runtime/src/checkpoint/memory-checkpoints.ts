import type { Checkpoint, CheckpointStore } from '@sluice/contracts';

interface Slot {
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: string;
  fence: bigint;
  /** Undefined once the lane was removed; the fence stays, for fences only grow. */
  checkpoint: Checkpoint | null | undefined;
}

/** Keeps checkpoints in memory: for tests, and for sinks that are rebuilt at every start. They are gone with the process. */
export function memoryCheckpoints(): CheckpointStore {
  const slots = new Map<string, Slot>();
  const name = (...parts: readonly string[]) => JSON.stringify(parts);
  return {
    durable: false,
    async acquire(pipeline, sink, lane) {
      const at = name(pipeline, sink, lane);
      const old = slots.get(at);
      const slot = { pipeline, sink, lane, fence: (old?.fence ?? 0n) + 1n, checkpoint: old?.checkpoint ?? null };
      slots.set(at, slot);
      return { fence: slot.fence };
    },
    async load(pipeline) {
      return [...slots.values()].flatMap(({ checkpoint, ...slot }) =>
        slot.pipeline === pipeline && checkpoint !== undefined ? [{ ...slot, checkpoint }] : [],
      );
    },
    async save(writes) {
      const found = writes.map((write) => slots.get(name(write.pipeline, write.sink, write.lane)));
      if (found.some((slot, at) => slot?.fence !== writes[at]?.fence)) return 'fenced';
      for (const [at, slot] of found.entries()) if (slot) slot.checkpoint = writes[at]?.checkpoint ?? undefined;
      return 'saved';
    },
    async [Symbol.asyncDispose]() {},
  };
}
