import type { CheckpointWrite, Position } from '@sluice/contracts';
import { type Delivery, eventsOf } from '../delivery/delivery.js';
import type { LaneRun } from '../lane/lane-run.js';
import type { Entry } from '../settlement/ledger.js';
import type { SinkWrite, SinkWriter } from './sink-writer.js';

/** What a writer is made of. */
export interface AtomicWriterParts {
  readonly maxEvents: number;
  /** Advances that come without events (everything filtered, progress) are stored this often at most, in milliseconds. */
  readonly intervalMs: number;
  readonly lane: (name: string) => LaneRun | undefined;
  readonly write: (write: SinkWrite) => Promise<void>;
  /** The lanes whose fences guard what is written for this one, besides its own: those that replayed events came from. */
  readonly guards: (lane: string) => readonly LaneRun[];
  readonly becameIdle: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes to atomic sinks: whole source batches from the oldest on, together with the checkpoint that they reach, one write in
 * flight for each lane. What was cut on the way is put together again before it is written, so that a checkpoint never covers
 * a part that is not in the same transaction, or in one before it.
 */
export class AtomicWriter implements SinkWriter {
  readonly #waiting = new Map<string, Delivery<unknown>[]>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(private readonly parts: AtomicWriterParts) {}

  get idle(): boolean {
    return this.#running.size === 0;
  }

  accept(delivery: Delivery<unknown>): void {
    if (delivery.stale) {
      delivery.settle();
      return;
    }
    const waiting = this.#waiting.get(delivery.lane);
    if (waiting) waiting.push(delivery);
    else this.#waiting.set(delivery.lane, [delivery]);
    for (const entry of delivery.entries) entry.arrived += 1;
    this.#wake(delivery.lane);
  }

  forget(lane: string): void {
    for (const delivery of this.#waiting.get(lane) ?? []) delivery.settle();
    this.#waiting.delete(lane);
    clearTimeout(this.#timers.get(lane));
    this.#timers.delete(lane);
  }

  advanced(lane: string): void {
    if (this.#waiting.get(lane)?.length) this.#wake(lane);
    if (this.#closed || this.#timers.has(lane)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(lane);
      this.#wake(lane, true);
    }, this.parts.intervalMs);
    this.#timers.set(lane, timer);
  }

  async flush(only?: string): Promise<void> {
    const lanes = only === undefined ? new Set([...this.#timers.keys(), ...this.#running.keys()]) : [only];
    for (const lane of lanes) {
      await this.#running.get(lane);
      this.#wake(lane, true);
      await this.#running.get(lane);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }

  #wake(lane: string, alsoEmpty = false): void {
    if (this.#closed || this.#running.has(lane)) return;
    const run = this.parts.lane(lane);
    if (run === undefined) return;
    const first = this.#next(run);
    if (first === undefined && !(alsoEmpty && run.unstored !== undefined)) return;
    // On record before it begins: a sink may call back, and cause a second write, from within the first.
    const running = Promise.resolve().then(() => this.#run(run, first));
    this.#running.set(lane, running);
  }

  async #run(run: LaneRun, first: Group | undefined): Promise<void> {
    let group = first ?? { deliveries: [], position: run.unstored as Position };
    try {
      for (;;) {
        const { deliveries, position } = group;
        const events = eventsOf(deliveries);
        const checkpoints = run.keepsCheckpoints ? [run.checkpointWrite(position)] : [];
        const write = { lane: run.lane, position, events, checkpoints };
        await this.#guarded(this.parts.guards(run.lane), (fences) => this.parts.write({ ...write, fences }));
        run.stored(position);
        for (const delivery of deliveries) delivery.settle();
        const next = this.#closed ? undefined : this.#next(run);
        if (next === undefined) break;
        group = next;
      }
    } catch (error) {
      // A lane that was taken away is written by its new owner: that the fence refused us is as it should be.
      if (run.ledger.abandoned) for (const delivery of group.deliveries) delivery.settle();
      else {
        // Nothing is written behind what is missing: its checkpoint would cover the gap.
        this.#closed = true;
        this.parts.failed(error);
      }
    } finally {
      this.#running.delete(run.lane);
      // The lane may have come back in the meantime, and waits.
      if (run.ledger.abandoned) this.#wake(run.lane);
      if (this.idle) this.parts.becameIdle();
    }
  }

  /** Writes under the fences of other lanes, for which nothing is written meanwhile: their checkpoints must stand still. */
  async #guarded(
    guards: readonly LaneRun[],
    write: (fences: readonly CheckpointWrite[]) => Promise<void>,
  ): Promise<void> {
    if (guards.length === 0) return write([]);
    while (guards.some(({ lane }) => this.#running.has(lane))) {
      await Promise.all(guards.map(({ lane }) => this.#running.get(lane)));
    }
    const fences = guards.flatMap((run) => (run.checkpoint ? [run.checkpointWrite(run.checkpoint.position)] : []));
    const written = write(fences);
    const over = written.catch(() => 'told to whoever wrote');
    for (const { lane } of guards)
      this.#running.set(
        lane,
        over.then(() => {}),
      );
    try {
      await written;
    } finally {
      for (const { lane } of guards) {
        this.#running.delete(lane);
        this.#wake(lane, true);
      }
    }
  }

  /**
   * The deliveries of a run of complete batches from the oldest on, cut where no delivery spans the cut: as many as make up
   * `maxEvents`, or the fewest possible.
   */
  #next(run: LaneRun): Group | undefined {
    const waiting = this.#waiting.get(run.lane);
    if (waiting === undefined || waiting.length === 0) return undefined;
    const spans = new Map<number, number>();
    for (const { entries } of waiting) {
      const seqs = entries.map(({ seq }) => seq);
      const first = Math.min(...seqs);
      spans.set(first, Math.max(spans.get(first) ?? 0, ...seqs));
    }
    let cut: Entry | undefined;
    let reach = -1;
    let events = 0;
    run.ledger.walk((entry) => {
      // Less than have arrived are open where only what comes after the write is still to be done.
      if (entry.open - (entry.after?.length ?? 0) > entry.arrived) return false;
      events += entry.events;
      if (cut !== undefined && events > this.parts.maxEvents) return false;
      reach = Math.max(reach, spans.get(entry.seq) ?? -1);
      if (reach <= entry.seq) cut = entry;
      return true;
    });
    if (cut === undefined) return undefined;
    const { seq, position } = cut as Entry;
    const covered = (delivery: Delivery<unknown>) => delivery.entries.every((entry) => entry.seq <= seq);
    const deliveries = waiting.filter(covered).sort(bySource);
    if (deliveries.length === 0) return undefined;
    const rest = waiting.filter((delivery) => !covered(delivery));
    this.#waiting.set(run.lane, rest);
    return { deliveries, position };
  }
}

interface Group {
  readonly deliveries: readonly Delivery<unknown>[];
  readonly position: Position;
}

/** In the order of the source; parts of one batch stay as they came. */
function bySource(a: Delivery<unknown>, b: Delivery<unknown>): number {
  return (a.entries[0]?.seq ?? 0) - (b.entries[0]?.seq ?? 0);
}
