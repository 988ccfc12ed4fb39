/** Lets so many in at once; the others wait in the order in which they came. When `ending` is aborted, all may go on. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number, ending: AbortSignal) {
    this.#free = atOnce;
    const letAllIn = () => {
      this.#free = Number.POSITIVE_INFINITY;
      for (const go of this.#waiting.splice(0)) go();
    };
    ending.addEventListener('abort', letAllIn, { once: true });
  }

  /** Resolves when it is one's turn, with the function that ends it; that may be called more than once. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
