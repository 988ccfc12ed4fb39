import type { Socket } from 'node:net';
import { Corruption, segmentBytes } from './distort.js';
import type { Direction } from './proxy-direction.js';
import { seededRandom } from './seeded-random.js';

/** What a flow is made of. */
export interface FlowParts {
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: Direction;
  /** Bytes held at most, plus one chunk: beyond them nothing is read, so the sender is slowed down. */
  readonly bufferBytes: number;
  readonly seed: number;
  /** Ends the connection by RST on both sides. */
  readonly reset: () => void;
  /** Ends it by FIN on both sides. */
  readonly end: () => void;
}

/** A piece under way; without bytes: the sender's end. */
interface Piece {
  readonly bytes: Buffer | undefined;
  readonly readAt: number;
  readonly jitter: number;
}

/** One direction of one connection: reads from one socket, and writes to the other what the faults leave of it. */
export class Flow {
  bytes = 0;
  readonly #parts: FlowParts;
  readonly #random: () => number;
  readonly #corruption: Corruption;
  readonly #pieces: Piece[] = [];
  readonly #forget: () => void;
  #held = 0;
  #lost = false;
  #closed = false;
  /** When the line is free again, on a line with a bandwidth. */
  #freeAt = 0;
  #wake: () => void = () => undefined;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    this.#random = seededRandom(parts.seed);
    this.#corruption = new Corruption(seededRandom(parts.seed ^ 0x5bd1e995));
    this.#forget = parts.direction.onChange(() => {
      this.#read();
      this.#wake();
    });
    parts.from.on('data', (bytes: Buffer) => this.#push(bytes));
    parts.from.on('end', () => this.#push(undefined));
    this.#read();
    void this.#forward();
  }

  /** Whether the other side is to hear nothing any more, not even the end. */
  get silent(): boolean {
    if (this.#parts.direction.faults.halfOpen) this.#lost = true;
    return this.#lost;
  }

  /** Forwards nothing any more. What still arrives is dropped. */
  close(): void {
    this.#closed = true;
    this.#forget();
    this.#parts.from.resume();
    this.#wake();
  }

  #push(bytes: Buffer | undefined): void {
    if (this.#closed || this.silent) return;
    this.#pieces.push({ bytes, readAt: performance.now(), jitter: this.#random() });
    this.#held += bytes?.length ?? 0;
    this.#read();
    this.#wake();
  }

  /** Reads on, or stops reading. */
  #read(): void {
    const { from, direction, bufferBytes } = this.#parts;
    if (this.#closed) return;
    if (direction.faults.paused || this.#held >= bufferBytes) from.pause();
    else from.resume();
  }

  async #forward(): Promise<void> {
    while (!this.#closed) {
      const piece = this.#pieces[0];
      if (piece === undefined || this.#faults.paused) await this.#change();
      else if (this.silent) this.#drop();
      else if (this.#dueIn(piece) > 0) await this.#change(this.#dueIn(piece));
      else {
        if (piece.bytes === undefined) this.#finish();
        else await this.#send(piece.bytes);
        this.#pieces.shift();
        this.#held -= piece.bytes?.length ?? 0;
        this.#read();
      }
    }
  }

  get #faults() {
    return this.#parts.direction.faults;
  }

  #dueIn({ readAt, jitter }: Piece): number {
    const { latencyMs = 0, jitterMs = 0 } = this.#faults;
    return readAt + latencyMs + jitter * jitterMs - performance.now();
  }

  #drop(): void {
    this.#pieces.length = 0;
    this.#held = 0;
    this.#read();
  }

  #finish(): void {
    if (!this.#faults.swallowEnd) this.#parts.to.end();
  }

  /** Segment by segment, since the faults may change between two of them. */
  async #send(bytes: Buffer): Promise<void> {
    let sent = 0;
    while (sent < bytes.length && !this.#closed) {
      const faults = this.#faults;
      const wait = faults.bytesPerSecond === undefined ? 0 : this.#freeAt - performance.now();
      if (faults.paused || wait > 0) {
        await this.#change(faults.paused ? undefined : wait);
        continue;
      }
      if (this.silent) return;
      let size = segmentBytes(faults, bytes.length - sent, this.#random);
      const { cutAfter, bytesPerSecond } = faults;
      if (cutAfter !== undefined) size = Math.min(size, cutAfter.bytes - this.bytes);
      if (size > 0) {
        const segment = Buffer.from(bytes.subarray(sent, sent + size));
        this.#corruption.apply(segment, this.bytes, faults.corrupt);
        this.#count(size);
        if (bytesPerSecond !== undefined) {
          this.#freeAt = Math.max(performance.now(), this.#freeAt) + (size / bytesPerSecond) * 1000;
        }
        await this.#write(segment);
        sent += size;
      }
      if (cutAfter !== undefined && this.bytes >= cutAfter.bytes && !this.#closed) {
        if (cutAfter.by === 'reset') this.#parts.reset();
        else this.#parts.end();
        return;
      }
      // The kernel would join segments that are written in one turn.
      if (faults.splitBytes !== undefined) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #count(size: number): void {
    this.bytes += size;
    this.#parts.direction.bytes += size;
  }

  /** Resolves once the receiver has taken it: its slowness is ours, and so the sender's. */
  #write(segment: Buffer): Promise<void> {
    return new Promise((resolve) => this.#parts.to.write(segment, () => resolve()));
  }

  /** Resolves when something arrives, the faults change, the connection closes, or after `ms`. */
  #change(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#wake(), Math.ceil(ms));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }
}
