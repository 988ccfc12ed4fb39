import { type Position, type ProgressFrame, paddedPosition } from '@sluice/contracts';
import { Cuts, type Place } from './cuts.js';

/** A stream that stands this far ahead of its last frame says so at once. */
const FAR_BYTES = 16 * 1024 * 1024;
/** Else about once a second, */
const INTERVAL_MS = 1000;
/**
 * and more seldom when it is next to nothing: the checkpoint that a frame leads to may be written to the same server, and
 * would call for the next.
 */
const NEAR_BYTES = 64 * 1024;
const NEAR_INTERVAL_MS = 5000;

/**
 * Where the stream stands: `resume` is the end of the last commit that came (or where the server has seen nothing for us),
 * `index` counts the events of the open transaction.
 *
 * - A stream that starts at (resume, within) leaves out the first `within` events of the transaction that follows.
 * - The server's word that there is nothing for us counts only between transactions, and only once nothing is left to skip.
 */
export class Progress {
  /** A log position. */
  resume: number;
  /** Events of the open transaction so far, delivered or skipped. */
  index = 0;
  #skip: number;
  /** `resume` of the last frame. */
  #told: number;
  #toldAt = 0;
  /** Events of the transaction whose commit has just come were delivered before it came. */
  #owed = false;
  #deliveredWithin = 0;
  /** Asked for: tell as soon as this is reached. */
  #awaited = 0;
  /** Undefined once all of them lie behind. */
  #cuts: Cuts | undefined;

  constructor(resume: number, within: number, cuts: readonly Position[] = []) {
    this.#cuts = new Cuts(cuts, { resume, within });
    this.resume = resume;
    this.#told = resume;
    this.#skip = within;
    this.#deliveredWithin = within;
  }

  /** Counts an event; false if it was delivered before. */
  wanted(): boolean {
    this.index++;
    if (this.#skip === 0) return true;
    this.#skip--;
    return false;
  }

  /**
   * A transaction, or a message outside of transactions, has ended at `end`. One without events that comes before those to
   * be skipped changes nothing.
   */
  commit(end: number): void {
    if (this.index === 0 && this.#skip > 0) return;
    this.#skip = 0;
    this.index = 0;
    this.#owed ||= this.#deliveredWithin > 0;
    this.#deliveredWithin = 0;
    this.resume = Math.max(this.resume, end);
  }

  /** The server has nothing for us up to `walEnd`. */
  idle(walEnd: number): void {
    if (this.index > 0 || this.#skip > 0) return;
    const upTo = this.#cuts?.next ? Math.min(walEnd, this.#cuts.next.resume) : walEnd;
    if (upTo > this.resume) this.resume = upTo;
  }

  /** Whether there are places ahead at which a frame must end. */
  get cutting(): boolean {
    return this.#cuts?.next !== undefined;
  }

  /** Whether such a place is reached: nothing is decoded before a frame has ended there. */
  get atCut(): boolean {
    return this.#cuts?.reached(this.#place) === true;
  }

  /** What ends behind `lsn` comes next: a place at which a frame must end lies before it, if it lies at `lsn` at the latest. */
  approach(lsn: number): void {
    const next = this.#cuts?.next;
    if (next && next.resume <= lsn) this.idle(lsn);
  }

  /** Where the stream can be started again without losing or repeating what was delivered. */
  position(): Position {
    const { resume, within } = this.#place;
    return { resume: paddedPosition(resume), within };
  }

  /** The position of a frame that holds everything up to here. */
  deliver(): Position {
    const position = this.position();
    this.#note(position);
    return position;
  }

  /** The connection was lost: the events of the open transaction come again. */
  restart(): void {
    this.#skip += this.index;
    this.index = 0;
  }

  /** Someone waits for the position to reach `lsn`. */
  await(lsn: number): void {
    this.#awaited = Math.max(this.#awaited, lsn);
  }

  /** A progress frame, when one is due at `now` (milliseconds). */
  due(now: number): ProgressFrame | undefined {
    if (this.resume <= this.#told || this.index > 0) return undefined;
    const reached = this.#awaited > this.#told && this.resume >= this.#awaited;
    const ahead = this.resume - this.#told;
    const interval = ahead < NEAR_BYTES ? NEAR_INTERVAL_MS : INTERVAL_MS;
    if (!this.#owed && !reached && ahead < FAR_BYTES && now - this.#toldAt < interval) return undefined;
    this.#toldAt = now;
    return { kind: 'progress', position: this.deliver() };
  }

  /** The frame for a place that was reached without an event: the next frame must begin there. */
  ofCut(): ProgressFrame | undefined {
    return this.atCut ? { kind: 'progress', position: this.deliver() } : undefined;
  }

  get #place(): Place {
    return { resume: this.resume, within: this.index + this.#skip };
  }

  #note(position: Position): void {
    this.#cuts?.passed(this.#place);
    if (!this.cutting) this.#cuts = undefined;
    this.#told = this.resume;
    this.#deliveredWithin = position.within;
    this.#owed = false;
  }
}
