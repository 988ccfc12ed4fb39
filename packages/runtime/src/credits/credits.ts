/** How much of a source's data may be in flight at once. */
export interface CreditOptions {
  /** Bytes in flight above which nothing more is pulled. Default: 16 MiB. */
  readonly bytes?: number;
  /** Batches in flight above which nothing more is pulled. Default: 1,024. */
  readonly batches?: number;
}

/**
 * The budget of one source. Bytes are charged when a batch arrives; a lane pulls only while there is credit; what is settled
 * gives back exactly what it took. So at most the budget and one batch a lane are in memory.
 */
export class Credits {
  #bytes = 0;
  #batches = 0;
  #waiting: (() => void)[] = [];

  constructor(
    readonly maxBytes: number,
    readonly maxBatches: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get batches(): number {
    return this.#batches;
  }

  /** Whether a lane may pull now. */
  get available(): boolean {
    return this.#bytes < this.maxBytes && this.#batches < this.maxBatches;
  }

  /** Whether a lane waits for credit. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
    this.#batches += 1;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    this.#batches -= 1;
    if (this.#waiting.length > 0 && this.available) this.wake();
  }

  /** Resolves when there may be credit; ask `available` again then. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets everyone who waits look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
