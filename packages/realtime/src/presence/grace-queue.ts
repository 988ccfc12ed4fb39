/** Does things a fixed while after they were put, in that order; one timer serves all of them. */
export class GraceQueue {
  private readonly graceMs: number;
  private waiting: { readonly due: () => void; readonly at: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(graceMs: number) {
    this.graceMs = graceMs;
  }

  put(due: () => void): void {
    this.waiting.push({ due, at: performance.now() + this.graceMs });
    this.wind();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting = [];
  }

  private wind(): void {
    const [first] = this.waiting;
    if (this.timer !== undefined || first === undefined) return;
    this.timer = setTimeout(() => this.turn(), Math.max(1, Math.ceil(first.at - performance.now())));
    this.timer.unref();
  }

  private turn(): void {
    this.timer = undefined;
    const now = performance.now();
    const count = this.waiting.findIndex(({ at }) => at > now);
    const over = this.waiting.splice(0, count < 0 ? this.waiting.length : count);
    for (const { due } of over) due();
    this.wind();
  }
}
