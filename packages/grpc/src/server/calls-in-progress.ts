import type { LiveCall } from './live-call.js';

/** The calls whose handlers have not ended, up to a limit. */
export class CallsInProgress {
  /** Aborted when the server begins to drain. */
  readonly draining: AbortSignal;
  private readonly limit: number;
  private readonly calls = new Set<LiveCall>();
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number, draining: AbortSignal) {
    this.limit = limit;
    this.draining = draining;
  }

  get size(): number {
    return this.calls.size;
  }

  get full(): boolean {
    return this.calls.size >= this.limit;
  }

  add(call: LiveCall): void {
    this.calls.add(call);
  }

  remove(call: LiveCall): void {
    this.calls.delete(call);
    if (this.calls.size === 0) for (const done of this.waiting.splice(0)) done();
  }

  /** Resolves when there is none. */
  async none(): Promise<void> {
    if (this.calls.size > 0) await new Promise<void>((done) => this.waiting.push(done));
  }

  /** Answers all of them UNAVAILABLE and aborts their signals. Returns how many had no answer yet. */
  giveUp(): number {
    let unanswered = 0;
    for (const call of this.calls) {
      if (call.over === undefined) unanswered += 1;
      call.giveUp('UNAVAILABLE');
    }
    return unanswered;
  }
}
