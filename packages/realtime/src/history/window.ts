/** An encoded message that is kept. All of them form one list, in the order in which they were published. */
export interface Entry {
  readonly frame: Buffer;
  readonly offset: number;
  readonly at: number;
  readonly window: Window;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** The last messages of one channel, as encoded frames. */
export class Window {
  readonly channel: string;
  bytes = 0;
  /** Whatever was published with a greater offset is here. Infinity: nothing is known of this channel yet. */
  coversFrom: number;
  /** The first `start` places are empty. */
  private entries: (Entry | undefined)[] = [];
  private start = 0;

  constructor(channel: string, coversFrom: number) {
    this.channel = channel;
    this.coversFrom = coversFrom;
  }

  get length(): number {
    return this.entries.length - this.start;
  }

  get oldest(): Entry | undefined {
    return this.entries[this.start];
  }

  push(entry: Entry): void {
    if (this.coversFrom === Number.POSITIVE_INFINITY) this.coversFrom = entry.offset - 1;
    this.entries.push(entry);
    this.bytes += entry.frame.length;
  }

  /** Lets the oldest go. */
  shift(): void {
    const entry = this.entries[this.start];
    if (entry === undefined) return;
    this.entries[this.start] = undefined;
    this.start += 1;
    this.bytes -= entry.frame.length;
    this.coversFrom = entry.offset;
    // Moving the rest down costs as much as there is left, so it is done once as much has gone.
    if (this.start >= 64 && this.start * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.start);
      this.start = 0;
    }
  }

  /** The entries after an offset, up to about so many bytes, at least one if there is any. */
  after(offset: number, maxBytes: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let at = this.firstAfter(offset); at < this.entries.length; at++) {
      const entry = this.entries[at] as Entry;
      if (bytes > 0 && bytes + entry.frame.length > maxBytes) break;
      found.push(entry);
      bytes += entry.frame.length;
    }
    return found;
  }

  private firstAfter(offset: number): number {
    let low = this.start;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as Entry).offset > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
