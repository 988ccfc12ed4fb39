import { backoffMs, type ReconnectOptions } from './backoff.js';

/** The time in which a stream does not get on: how often it was tried, and how long to wait before the next attempt. */
export class Outage {
  readonly #options: Required<ReconnectOptions>;
  #failures = 0;
  #since = 0;

  constructor(options: Required<ReconnectOptions>) {
    this.#options = options;
  }

  /** Whether the attempt that is made at once has just failed too: time to tell somebody, once for each outage. */
  get isNews(): boolean {
    return this.#failures === 2;
  }

  /** The stream got on: what fails next is the first failure of another outage. */
  over(): void {
    this.#failures = 0;
  }

  /**
   * Something failed at `now`, in milliseconds. Returns how long to wait: not at all the first time; `undefined` when it is
   * time to give up.
   */
  failed(now: number): number | undefined {
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#since = now;
      return 0;
    }
    if (now - this.#since > this.#options.giveUpAfterMs) return undefined;
    return backoffMs(this.#failures - 2, this.#options);
  }
}
