const SECOND_MS = 1_000;

/** Something that ends at a time. */
export interface Expiring {
  /** Called once, within a second after the time. */
  expire(): void;
  /** Where the clock has put it. Only the clock writes this. */
  expirySecond?: number | undefined;
}

/**
 * Ends many things at their times, with one timer for all of them: they lie in buckets of a second, and each second the buckets that are
 * due are emptied. Putting and removing cost the same at any number, and a time may lie any number of years ahead.
 *
 * It goes by the wall clock, as expiries are times of day; a machine that slept, or whose clock was set, is right within a second.
 */
export class ExpiryClock {
  private readonly buckets = new Map<number, Set<Expiring>>();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** Ends `item` at a time, in milliseconds since the epoch, in place of the time it had before. */
  put(item: Expiring, at: number): void {
    this.remove(item);
    const second = Math.ceil(at / SECOND_MS);
    let bucket = this.buckets.get(second);
    if (bucket === undefined) {
      bucket = new Set();
      this.buckets.set(second, bucket);
    }
    bucket.add(item);
    item.expirySecond = second;
    this.wind();
  }

  /** Forgets `item`. */
  remove(item: Expiring): void {
    const second = item.expirySecond;
    if (second === undefined) return;
    item.expirySecond = undefined;
    const bucket = this.buckets.get(second);
    bucket?.delete(item);
    if (bucket?.size === 0) this.buckets.delete(second);
    if (this.buckets.size === 0) this.stop();
  }

  /** Ends everything whose time has come. */
  tick(): void {
    const now = this.now();
    const due = [...this.buckets.keys()].filter((second) => second * SECOND_MS <= now);
    for (const second of due) {
      for (const item of this.buckets.get(second) ?? []) {
        this.remove(item);
        item.expire();
      }
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (const bucket of this.buckets.values()) for (const item of bucket) item.expirySecond = undefined;
    this.buckets.clear();
    this.stop();
  }

  private wind(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.tick();
        if (this.buckets.size > 0) this.wind();
      },
      SECOND_MS - (this.now() % SECOND_MS),
    );
    this.timer.unref();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
