import {
  type BatchFrame,
  type Checkpoint,
  type CheckpointWrite,
  ComponentError,
  comparePositions,
  type Frame,
  type LaneReader,
  type Position,
} from '@sluice/contracts';
import type { Credits } from '../credits/credits.js';
import { type Entry, Ledger } from '../settlement/ledger.js';
import type { Measurements } from '../telemetry/measurements.js';
import { Confirmations } from './confirmations.js';

/** Batches between two turns of the event loop: a source that never waits must not starve timers and signals. */
const FRAMES_PER_TURN = 256;

/** What a lane needs of its pipeline. */
export interface LaneSetting {
  readonly pipeline: string;
  readonly sink: string;
  readonly identity: string;
  /** Undefined when the lane keeps no checkpoints (individual acks). */
  readonly fence: bigint | undefined;
  readonly stored: Position | undefined;
  readonly credits: Credits;
  /** Batches behind one that is still open; above this many nothing more is pulled. */
  readonly maxUnsettled: number;
  readonly receive: (run: LaneRun, frame: BatchFrame<unknown>, entry: Entry) => void;
  readonly advanced: (run: LaneRun) => void;
  readonly measured: Measurements | undefined;
  /** There is no credit: whoever holds deliveries back should let go of them. */
  readonly starved: () => void;
  readonly failed: (error: unknown) => void;
  readonly notice: (message: string) => void;
}

/**
 * One lane while it is ours: pulls frames as credit allows, tracks their settlement, confirms what is stored.
 */
export class LaneRun {
  readonly ledger: Ledger;
  /** How often something of it became durable for good: a position stored, or a batch settled that is acked singly. */
  done = 0;
  /** Whether it may not be read yet, for other lanes come before it. */
  deferred = false;
  readonly #confirmations: Confirmations;
  readonly #acks = new Set<Promise<unknown>>();
  #stored: Position | undefined;
  #stopped = false;
  /** Of a lane whose events are acked singly: since when it was asked for more, and has not answered. */
  #asked: number | undefined;
  #ended = false;
  #watchers: { done: () => boolean; resolve: () => void }[] = [];

  constructor(
    readonly reader: LaneReader<unknown>,
    private readonly setting: LaneSetting,
  ) {
    this.#stored = setting.stored;
    this.#confirmations = new Confirmations(reader, setting.failed);
    this.ledger = new Ledger(
      {
        released: (entry, outcome) => this.#released(entry, outcome),
        advanced: () => {
          if (setting.credits.awaited) setting.credits.wake();
          // Without checkpoints there is nothing to store; but what waits behind the settled batch may be complete now.
          setting.advanced(this);
          this.look();
        },
        narrowed: () => setting.advanced(this),
      },
      setting.stored,
    );
  }

  get lane(): string {
    return this.reader.lane;
  }

  /** Whether the lane has positions to keep; one whose events are acked singly has none. */
  get keepsCheckpoints(): boolean {
    return this.setting.fence !== undefined;
  }

  /** The settled position, when it is ahead of the stored one. */
  get unstored(): Position | undefined {
    const { settled } = this.ledger;
    if (settled === undefined || !this.keepsCheckpoints) return undefined;
    return this.#stored !== undefined && comparePositions(settled, this.#stored) <= 0 ? undefined : settled;
  }

  /**
   * Up to where there is nothing left to do: what is settled or, before anything is, what the source has given up. Unknown while
   * the lane has not begun.
   */
  get reached(): Position | undefined {
    const { start, confirmed } = this.reader;
    return this.ledger.settled ?? (this.deferred || start !== undefined ? undefined : confirmed);
  }

  /** Whether all frames were read and everything that was read is settled. */
  get finished(): boolean {
    return this.#ended && this.ledger.length === 0;
  }

  /**
   * For how long the source has had nothing more for this lane, counted from `since` at the earliest, in milliseconds. What is
   * known of a lane whose events are acked singly; 0 while anything is in flight.
   */
  quietMs(since: number): number {
    if (this.finished) return Number.POSITIVE_INFINITY;
    if (this.#asked === undefined || this.#stopped || this.ledger.length > 0) return 0;
    return performance.now() - Math.max(this.#asked, since);
  }

  /** The change that stores `position` for this lane. */
  checkpointWrite(position: Position | null): CheckpointWrite {
    const { pipeline, sink, identity, fence } = this.setting;
    const checkpoint = position === null ? null : { position, identity };
    return { pipeline, sink, lane: this.lane, fence: fence ?? 0n, checkpoint };
  }

  /** `position` is durable in the checkpoint store: the source may give up what lies before it. */
  stored(position: Position): void {
    if (!this.keepsCheckpoints) return;
    this.#stored = position;
    this.done += 1;
    this.#confirmations.confirm(position);
  }

  /** The lane begins at `position`, which is durable. */
  startAt(position: Position): void {
    this.#stored = position;
    this.ledger.settled = position;
  }

  /** Whether no more frames are taken up. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Reads frames until the lane ends or `stop` is called. */
  async pull(): Promise<void> {
    try {
      await this.#pull();
    } catch (error) {
      // How the reading of a lane ends that nobody reads any more does not matter.
      if (!this.#stopped) throw error;
    }
  }

  async #pull(): Promise<void> {
    if (this.#stopped) return;
    const { credits, maxUnsettled } = this.setting;
    const frames = this.reader.frames()[Symbol.asyncIterator]();
    for (let pulled = 1; ; pulled++) {
      while (!this.#stopped && (!credits.available || this.ledger.length >= maxUnsettled)) {
        const credit = credits.wait();
        this.setting.starved();
        await credit;
      }
      if (this.#stopped) return;
      if (!this.keepsCheckpoints) this.#asked = performance.now();
      const next = await frames.next();
      this.#asked = undefined;
      if (this.#stopped) return;
      if (next.done) break;
      this.#take(next.value);
      if (pulled % FRAMES_PER_TURN === 0) await new Promise(setImmediate);
    }
    this.#ended = true;
    this.look();
  }

  /** No more frames are taken up. What a pull that is under way brings is dropped, and delivered again another time. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when `done` holds; it is asked after every change. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ done, resolve }));
  }

  /** Asks those who wait in `until`. */
  look(): void {
    if (this.#watchers.length === 0) return;
    const due = this.#watchers.filter((watcher) => watcher.done());
    this.#watchers = this.#watchers.filter((watcher) => !due.includes(watcher));
    for (const { resolve } of due) resolve();
  }

  /** For individual acks: keeps what is in flight ours. */
  extend(forMs: number): void {
    this.ledger.walk(({ open, tokens }) => {
      if (open > 0) for (const token of tokens ?? []) this.#track(() => token.extend(forMs));
      return true;
    });
  }

  /** The lane is no longer ours: what becomes durable from now on is not confirmed. */
  handBack(): void {
    this.#confirmations.close();
  }

  /** What was last stored for the lane. */
  get checkpoint(): Checkpoint | null {
    return this.#stored === undefined ? null : { position: this.#stored, identity: this.setting.identity };
  }

  /** Waits until what is stored was confirmed, and what is settled was acked. */
  async confirmed(): Promise<void> {
    await this.#confirmations.idle();
    await Promise.all(this.#acks);
  }

  #take(frame: Frame<unknown>): void {
    if (frame.kind === 'progress' || frame.events.length === 0) {
      this.ledger.progress(frame.position);
      return;
    }
    const { credits } = this.setting;
    if (frame.bytes > credits.maxBytes) {
      throw new ComponentError('PIPELINE_EVENT_TOO_LARGE', `a batch of ${frame.bytes} bytes is above the budget`, {
        details: { lane: this.lane, bytes: frame.bytes, budget: credits.maxBytes, events: frame.events.length },
      });
    }
    credits.take(frame.bytes);
    const entry = this.ledger.append(frame.position, frame.events.length, frame.bytes, frame.tokens);
    this.setting.receive(this, frame, entry);
  }

  #released(entry: Entry, outcome: 'settled' | 'abandoned'): void {
    // Progress took no credit.
    if (entry.events > 0) this.setting.credits.giveBack(entry.bytes);
    if (outcome === 'settled') this.setting.measured?.settled(entry);
    if (entry.tokens === undefined) return;
    if (outcome === 'settled') this.done += 1;
    for (const token of entry.tokens) {
      this.#track(() => (outcome === 'settled' ? token.ack() : token.release(0)));
    }
  }

  /** A failed ack is no loss: the source delivers the event again. */
  #track(ack: () => Promise<void>): void {
    const tracked = called(ack)
      .catch((error: unknown) => this.setting.notice(`lane ${this.lane}: an ack failed (${nameOf(error)})`))
      .finally(() => this.#acks.delete(tracked));
    this.#acks.add(tracked);
  }
}

/** A token that throws counts as one that rejects. */
async function called(ack: () => Promise<void>): Promise<void> {
  await ack();
}

function nameOf(error: unknown): string {
  return error instanceof ComponentError ? error.code : error instanceof Error ? error.name : 'unknown';
}
