import { Buffer } from 'node:buffer';
import { frameAlso } from '../frame/numbered-frame.js';

/** A message without an offset. */
export const UNNUMBERED = -1;

/**
 * The frames that were published to one channel within one tick, and the buffers they are sent as. A buffer is built when it is first
 * needed, and shared by all who get the same.
 */
export class Tick {
  readonly length: number;
  private readonly frames: readonly Buffer[];
  private readonly offsets: readonly number[];
  private readonly members: () => Buffer;
  private readonly buffers = new Map<number, Buffer>();
  private readonly taggedBuffers = new Map<number, Buffer>();
  private tagged: readonly Buffer[] | undefined;

  /** `members`: what frames get added for clients that are in several channels. */
  constructor(frames: readonly Buffer[], offsets: readonly number[], members: () => Buffer) {
    this.length = frames.length;
    this.frames = frames;
    this.offsets = offsets;
    this.members = members;
  }

  /** The frames from a place on, as one buffer. */
  from(start: number, tagged: boolean): Buffer {
    const buffers = tagged ? this.taggedBuffers : this.buffers;
    let bytes = buffers.get(start);
    if (bytes === undefined) {
      const frames = tagged ? this.taggedFrames() : this.frames;
      bytes = start === frames.length - 1 ? (frames[start] as Buffer) : Buffer.concat(frames.slice(start));
      buffers.set(start, bytes);
    }
    return bytes;
  }

  /** Where someone begins who has everything up to an offset, but nothing from before a place. */
  startAfter(offset: number, place: number): number {
    for (let at = this.length - 1; at >= place; at--) {
      const numbered = this.offsets[at] as number;
      if (numbered !== UNNUMBERED && numbered <= offset) return at + 1;
    }
    return place;
  }

  private taggedFrames(): readonly Buffer[] {
    const members = this.members();
    this.tagged ??= this.frames.map((frame, at) =>
      this.offsets[at] === UNNUMBERED ? frame : frameAlso(frame, members),
    );
    return this.tagged;
  }
}
