import type { Source } from '@sluice/contracts';
import { type MemoryEvent, memoryEnvelopes } from './memory-event.js';
import { eventAt, memoryBytes, memoryLane, memoryPosition } from './memory-lane.js';
import { MemoryLog } from './memory-log.js';

/** What a memory source is made with. */
export interface MemorySourceOptions {
  /** The source's and its lane's name. Default: `memory`. */
  readonly name?: string;
  /** Events of a batch, at most. Default: 100. */
  readonly batch?: number;
  /** What one event counts for against the credits, in bytes. Default: 256. */
  readonly bytesPerEvent?: number;
  /** Events that it holds, at most; `push` throws `MEMORY_FULL` above it. Default: 1,000,000. */
  readonly capacity?: number;
}

/** A source that is fed by hand. It keeps all events, so it can be read again from any position. */
export interface MemorySource<T> extends Source<T> {
  /** All of the events or, when `MEMORY_FULL` is thrown, none. */
  push(...events: readonly MemoryEvent<T>[]): void;
  /** No more will come: a pipeline that has read everything ends. */
  end(): void;
  /** Events that were confirmed as done. */
  readonly confirmed: number;
}

/** Makes a source that is fed by hand: for tests, and for trying a pipeline out. */
export function memorySource<T>(options: MemorySourceOptions = {}): MemorySource<T> {
  const { name = 'memory', batch = 100, bytesPerEvent = 256, capacity = 1_000_000 } = options;
  const log = new MemoryLog<T>(name, capacity);
  const envelope = memoryEnvelopes<T>(name);
  let generation = 0n;
  let confirmed = 0;
  return {
    name,
    features: { ack: 'cumulative', replayable: true },
    get confirmed() {
      return confirmed;
    },
    push: (...events) => log.append(events.map((event, at) => envelope(event, log.end + at))),
    end: () => log.finish(),
    async open({ checkpoints, cuts, maxBatchBytes, signal }) {
      const closed = new AbortController();
      const stored = checkpoints.get(name)?.position;
      const from = stored === undefined ? 0 : eventAt(stored);
      generation += 1n;
      const lane = memoryLane({
        log,
        from,
        generation,
        batch,
        bytesPerEvent,
        maxBatchBytes,
        cuts: cuts?.get(name),
        signal: AbortSignal.any([signal, closed.signal]),
        confirmed: (upTo) => {
          confirmed = Math.max(confirmed, upTo);
        },
      });
      return {
        identity: `memory:${name}`,
        async *lanes() {
          yield lane;
        },
        head: async () => new Map([[name, memoryPosition(log.end)]]),
        bytesBetween: (_, from, to) => memoryBytes(from, to, bytesPerEvent),
        async [Symbol.asyncDispose]() {
          closed.abort();
        },
      };
    },
  };
}
