import type { AckToken, Position } from '@sluice/contracts';
import type { BatchMark } from '../telemetry/measurements.js';
import type { AfterDurable } from './after-durable.js';

/** One source batch on its way through a pipeline. */
export class Entry {
  /** Deliveries that still hold a claim on this batch. */
  open = 1;
  /** Of those, the ones that wait at the sink. */
  arrived = 0;
  /** Kept where there is telemetry. */
  mark: BatchMark | undefined;
  /** What must be done once nothing but these claims is left. */
  after: AfterDurable[] | undefined;

  constructor(
    readonly ledger: Ledger,
    readonly seq: number,
    readonly position: Position,
    readonly events: number,
    readonly bytes: number,
    readonly tokens: readonly AckToken[] | undefined,
  ) {}
}

/** Who wants to know what became of the entries of a ledger. */
export interface LedgerListener {
  /** An entry was settled or abandoned: what it took is free again. Called once for each. */
  released(entry: Entry, outcome: 'settled' | 'abandoned'): void;
  /** The contiguous prefix has reached `position`. */
  advanced(position: Position): void;
  /** A claim was given back, and the entry has others, or is settled before an earlier one. */
  narrowed(entry: Entry): void;
}

/**
 * Tracks settlement in one lane, in whatever order it happens, and computes the contiguous prefix.
 *
 * `settled` never lies behind an entry that is still open. After `abandon` nothing moves any more: a settlement that comes
 * late is ignored.
 */
export class Ledger {
  #entries: Entry[] = [];
  #head = 0;
  #nextSeq = 0;
  #abandoned = false;
  /** Where there is telemetry: the newest entry that is settled, whether or not the prefix has reached it. */
  newest: Entry | undefined;
  /** The end of the contiguous settled prefix; undefined until there is one. */
  settled: Position | undefined;

  constructor(
    private readonly listener: LedgerListener,
    start: Position | undefined,
  ) {
    this.settled = start;
  }

  /** Whether the lane is no longer ours: settlements that still come are ignored. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Entries that are not behind the prefix yet; settled ones that wait for an earlier one count. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** A batch has arrived. It is open until every delivery that was made of it is settled. */
  append(position: Position, events: number, bytes: number, tokens?: readonly AckToken[]): Entry {
    const entry = new Entry(this, this.#nextSeq++, position, events, bytes, tokens);
    this.#entries.push(entry);
    return entry;
  }

  /** Nothing for us up to `position`: the prefix moves on once what came before is settled. */
  progress(position: Position): void {
    const entry = this.append(position, 0, 0);
    this.release(entry);
  }

  /** Gives back one claim on the entry. */
  release(entry: Entry): void {
    if (this.#abandoned) return;
    entry.open -= 1;
    if (entry.open > 0) {
      this.listener.narrowed(entry);
      return;
    }
    this.listener.released(entry, 'settled');
    if (entry === this.#entries[this.#head]) this.#advance();
    else this.listener.narrowed(entry);
  }

  /** The oldest entry that is not settled. */
  get oldestOpen(): Entry | undefined {
    return this.#entries[this.#head];
  }

  /** Entries from the oldest on, until `visit` answers false. */
  walk(visit: (entry: Entry) => boolean): void {
    for (let at = this.#head; at < this.#entries.length; at++) {
      if (!visit(this.#entries[at] as Entry)) return;
    }
  }

  /** Ends the ledger; returns how many events were still open. */
  abandon(): number {
    if (this.#abandoned) return 0;
    this.#abandoned = true;
    let events = 0;
    this.walk((entry) => {
      if (entry.open > 0) {
        events += entry.events;
        this.listener.released(entry, 'abandoned');
      }
      return true;
    });
    this.#entries = [];
    this.#head = 0;
    return events;
  }

  #advance(): void {
    let position: Position | undefined;
    for (let entry = this.#entries[this.#head]; entry !== undefined && entry.open === 0; ) {
      position = entry.position;
      this.#head += 1;
      entry = this.#entries[this.#head];
    }
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    if (position === undefined) return;
    this.settled = position;
    this.listener.advanced(position);
  }
}
