/**
 * Lets at most so many pieces of work run at the same time; others wait, first come first served. Work that nobody waits for any longer
 * when its turn comes is not done.
 */
export class Turns {
  private free: number;
  private readonly waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  /** `until`: on the clock of `performance.now`. Throws when it has passed before the turn came. */
  async run<T>(work: () => Promise<T>, until = Number.POSITIVE_INFINITY): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.add(resolve));
    try {
      if (performance.now() > until) throw new Error('too many requests were waiting');
      return await work();
    } finally {
      // The turn goes straight to the next: nobody who comes now can overtake.
      const [next] = this.waiting;
      if (next === undefined) this.free += 1;
      else {
        this.waiting.delete(next);
        next();
      }
    }
  }
}
