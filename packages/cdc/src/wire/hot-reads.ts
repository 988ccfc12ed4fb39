const READS = 4;
const WITHIN_MS = 5;

/** Tells when reads come hot: four within 5 ms. */
export class HotReads {
  readonly #times = new Float64Array(READS);
  #next = 0;

  /** Notes a read at `now`; true while they are hot. */
  note(now: number): boolean {
    const oldest = this.#times[this.#next] as number;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % READS;
    return now - oldest <= WITHIN_MS;
  }
}
