import type { CheckpointWrite } from '@sluice/contracts';
import type { Checkpointer } from '../checkpoint/checkpointer.js';
import { type Delivery, eventsOf } from '../delivery/delivery.js';
import type { SinkWrite, SinkWriter } from './sink-writer.js';

/** What a writer is made of. */
export interface QueuedWriterParts {
  readonly maxEvents: number;
  readonly write: (write: SinkWrite) => Promise<void>;
  readonly checkpointer: Checkpointer;
  /** Called when the last write has ended and nothing waits. */
  readonly becameIdle: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes to plain and idempotent sinks: for each lane and partition one write in flight, while the next one gathers behind
 * it. Checkpoints are stored apart, after the settlement.
 */
export class QueuedWriter implements SinkWriter {
  readonly #queues = new Map<string, Queue>();
  #busy = 0;
  #closed = false;
  #idlers: (() => void)[] = [];

  constructor(private readonly parts: QueuedWriterParts) {}

  get idle(): boolean {
    return this.#busy === 0;
  }

  accept(delivery: Delivery<unknown>): void {
    const name = delivery.partition === undefined ? delivery.lane : `${delivery.partition}/${delivery.lane}`;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = { waiting: [], running: false };
      this.#queues.set(name, queue);
    }
    queue.waiting.push(delivery);
    if (!queue.running) void this.#run(name, queue);
  }

  forget(lane: string): void {
    for (const queue of this.#queues.values()) {
      const stale = queue.waiting.filter((delivery) => delivery.lane === lane);
      queue.waiting = queue.waiting.filter((delivery) => delivery.lane !== lane);
      for (const delivery of stale) delivery.settle();
    }
  }

  advanced(lane: string): void {
    this.parts.checkpointer.advanced(lane);
  }

  flush(): Promise<void> {
    return this.parts.checkpointer.flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (!this.idle) await new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  async #run(name: string, queue: Queue): Promise<void> {
    queue.running = true;
    this.#busy += 1;
    try {
      while (queue.waiting.length > 0 && !this.#closed) {
        const group = takeGroup(queue, this.parts.maxEvents);
        const last = group.at(-1);
        if (last === undefined) continue;
        const events = eventsOf(group);
        const position = last.entries.at(-1)?.position;
        if (events.length > 0) await this.parts.write({ lane: last.lane, position, events, checkpoints: NONE });
        for (const delivery of group) delivery.settle();
      }
    } catch (error) {
      // Nothing is written behind what is missing: its keys would come out of order.
      this.#closed = true;
      this.parts.failed(error);
    } finally {
      queue.running = false;
      this.#queues.delete(name);
      this.#busy -= 1;
      if (this.idle) {
        for (const resolve of this.#idlers.splice(0)) resolve();
        this.parts.becameIdle();
      }
    }
  }
}

interface Queue {
  waiting: Delivery<unknown>[];
  running: boolean;
}

/** As many deliveries as make up a write. Those whose lane was taken away are settled instead. */
function takeGroup(queue: Queue, maxEvents: number): Delivery<unknown>[] {
  const { waiting } = queue;
  const group: Delivery<unknown>[] = [];
  let events = 0;
  let taken = 0;
  for (const delivery of waiting) {
    if (delivery.stale) delivery.settle();
    else {
      events += delivery.events.length;
      if (group.length > 0 && events > maxEvents) break;
      group.push(delivery);
    }
    taken += 1;
  }
  queue.waiting = taken === waiting.length ? [] : waiting.slice(taken);
  return group;
}

const NONE: readonly CheckpointWrite[] = [];
