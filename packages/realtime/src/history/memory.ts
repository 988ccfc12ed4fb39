import type { HistoryLimits } from './options.js';
import { type Entry, Window } from './window.js';

/** What a kept message costs besides its frame. */
const ENTRY_BYTES = 400;
/** What a channel costs besides its messages. */
const CHANNEL_BYTES = 1_000;

/**
 * The windows of all channels together: nothing stays longer than `maxAgeMs`, and all of it within `maxTotalBytes`.
 *
 * Each message is in a list by age over all channels, so that letting the oldest go costs the same however many channels there are.
 */
export class HistoryMemory {
  messages = 0;
  /** Of messages and channels, with what they cost besides. */
  bytes = 0;
  private readonly limits: HistoryLimits;
  private oldest: Entry | undefined;
  private newest: Entry | undefined;

  constructor(limits: HistoryLimits) {
    this.limits = limits;
  }

  get isOverfull(): boolean {
    return this.bytes > this.limits.maxTotalBytes;
  }

  /** Makes a window for a channel and takes account of it. */
  open(channel: string, coversFrom: number): Window {
    this.bytes += CHANNEL_BYTES;
    return new Window(channel, coversFrom);
  }

  /** Lets a channel go, with all that it keeps. */
  close(window: Window): void {
    while (window.oldest !== undefined) this.remove(window.oldest);
    this.bytes -= CHANNEL_BYTES;
  }

  /** Keeps a frame, and lets go what the channel then has too much of. */
  add(window: Window, frame: Buffer, offset: number): void {
    const entry: Entry = { frame, offset, at: performance.now(), window, older: this.newest, newer: undefined };
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
    window.push(entry);
    this.messages += 1;
    this.bytes += frame.length + ENTRY_BYTES;
    const { maxMessages, maxBytes } = this.limits;
    while (window.length > maxMessages || window.bytes > maxBytes) this.remove(window.oldest as Entry);
  }

  /** Lets the oldest message of all go; its window is returned. */
  shift(): Window | undefined {
    const entry = this.oldest;
    if (entry !== undefined) this.remove(entry);
    return entry?.window;
  }

  /** Lets everything go that was published before a time. */
  expire(before: number): void {
    while (this.oldest !== undefined && this.oldest.at < before) this.remove(this.oldest);
  }

  /** An entry is only ever removed as the oldest of its window. */
  private remove(entry: Entry): void {
    const { older, newer, window, frame } = entry;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    entry.older = undefined;
    entry.newer = undefined;
    window.shift();
    this.messages -= 1;
    this.bytes -= frame.length + ENTRY_BYTES;
  }
}
