import type { CheckpointStore, Envelope, Sink } from '@sluice/contracts';
import { ComponentError } from '@sluice/contracts';
import { memoryCheckpoints } from '../checkpoint/memory-checkpoints.js';

/** What a memory sink is made with. */
export interface MemorySinkOptions {
  /** Default: `memory`. */
  readonly name?: string;
  /** `atomic` keeps the checkpoints itself, `idempotent` keeps the newest event of each key. Default: `plain`. */
  readonly delivery?: 'plain' | 'idempotent' | 'atomic';
}

/** A sink that keeps what it is given. */
export interface MemorySink<T> extends Sink<T> {
  /** What was written, in order; of an idempotent sink the newest event of each key. */
  readonly events: readonly Envelope<T>[];
}

/** Makes a sink that keeps what it is given: for tests, and for trying a pipeline out. What it holds grows without bound. */
export function memorySink<T>({ name = 'memory', delivery = 'plain' }: MemorySinkOptions = {}): MemorySink<T> {
  const written: Envelope<T>[] = [];
  const newest = new Map<string, Envelope<T>>();
  const checkpoints: CheckpointStore = memoryCheckpoints();
  return {
    name,
    features: { delivery },
    get events() {
      return delivery === 'idempotent' ? [...newest.values()] : written;
    },
    async open() {
      return {
        ...(delivery === 'atomic' ? { checkpoints } : {}),
        async write(events, ctx) {
          if (delivery === 'atomic' && (await checkpoints.save(ctx.checkpoints)) === 'fenced') {
            throw new ComponentError('CHECKPOINT_FENCED', `${name}: a newer owner writes`);
          }
          if (delivery === 'idempotent') for (const event of events) keepNewest(newest, event);
          else for (const event of events) written.push(event);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

function keepNewest<T>(newest: Map<string, Envelope<T>>, event: Envelope<T>): void {
  const key = event.key ?? event.id;
  const old = newest.get(key);
  if (old === undefined || old.version.value <= event.version.value) newest.set(key, event);
}
