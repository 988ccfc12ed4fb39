/**
 * Notices a dead link: browsers do not, for minutes, when the network goes away silently.
 *
 * Once nothing has come for `intervalMs` it sends a ping, and when nothing comes within `timeoutMs` after that it calls `dead`. Anything
 * that is received counts as a sign of life.
 */
export class Liveness {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting = false;
  private readonly timing: { readonly intervalMs: number; readonly timeoutMs: number };
  private readonly ping: () => void;
  private readonly dead: () => void;

  constructor(timing: { readonly intervalMs: number; readonly timeoutMs: number }, ping: () => void, dead: () => void) {
    this.timing = timing;
    this.ping = ping;
    this.dead = dead;
    this.received();
  }

  /** Something came. */
  received(): void {
    clearTimeout(this.timer);
    this.waiting = false;
    this.timer = setTimeout(() => this.check(), this.timing.intervalMs);
  }

  /** Asks now: the machine woke up, or the network came back. */
  check(): void {
    if (this.waiting) return;
    clearTimeout(this.timer);
    this.waiting = true;
    this.timer = setTimeout(this.dead, this.timing.timeoutMs);
    this.ping();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
