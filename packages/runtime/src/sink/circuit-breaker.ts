import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import type { RetryPolicy } from '../retry/retry-policy.js';
import { LONGEST_TIMER_MS } from '../retry/within.js';

/** When a sink that fails is left alone for a while. */
export interface CircuitBreakerOptions {
  /** Whole writes that fail in a row before no more is written. Default: 5. */
  readonly failures?: number;
  /** How long nothing is written then, in milliseconds. Default: 10,000, or `retry.maxMs` if that is less. */
  readonly coolDownMs?: number;
  /** It doubles each time the sink is found to be down still, up to this. Default: `retry.maxMs`, or `coolDownMs` if that is more. */
  readonly maxCoolDownMs?: number;
  /** Writes that may try at once after a cool-down. Default: 1. */
  readonly probes?: number;
}

/** How the breaker of a sink stands. */
export interface BreakerReport {
  /** `closed`: writes go through. `open`: they wait. `half-open`: a few may try. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** Whole writes that failed in a row. */
  readonly failures: number;
  /** While it is open: how long still, in milliseconds. */
  readonly retryInMs?: number;
}

/** The options with their defaults; undefined for `false`. Throws `OPTIONS_INVALID`, naming the option. */
export function breakerOptions(
  options: CircuitBreakerOptions | false | undefined,
  { maxMs }: RetryPolicy,
): Required<CircuitBreakerOptions> | undefined {
  if (options === false) return undefined;
  refuseUnknownOptions('circuitBreaker', options ?? {}, ['failures', 'coolDownMs', 'maxCoolDownMs', 'probes']);
  const coolDownMs = options?.coolDownMs ?? Math.min(10_000, maxMs);
  const filled = { failures: 5, probes: 1, coolDownMs, maxCoolDownMs: Math.max(coolDownMs, maxMs), ...options };
  const least = { failures: 1, probes: 1, coolDownMs: 0, maxCoolDownMs: coolDownMs };
  for (const name of Object.keys(least) as (keyof typeof least)[]) {
    const value = filled[name];
    if (Number.isFinite(value) && value >= least[name]) continue;
    throw new ComponentError(
      'OPTIONS_INVALID',
      `circuitBreaker.${name} must be a finite number of at least ${least[name]}`,
    );
  }
  return filled;
}

/**
 * Leaves a sink that is down alone: after so many failures in a row its writes wait, all lanes and partitions together, until
 * the cool-down is over; then a few may try. One that succeeds lets all go on, one that fails makes all wait again, for longer.
 *
 * Only failures of whole writes that may pass count, never those of single events or of data. It outlives reopenings of the
 * sink, and goes by a monotonic clock.
 */
export class CircuitBreaker {
  #state: BreakerReport['state'] = 'closed';
  #failures = 0;
  #openings = 0;
  #until = 0;
  #probing = 0;
  #released = false;
  #timer: NodeJS.Timeout | undefined;
  #waiting = new Set<() => void>();

  constructor(
    private readonly options: Required<CircuitBreakerOptions>,
    /** It was opened or closed: `error` is what opened it, `times` how often it was opened in a row. */
    private readonly told: (state: 'closed' | 'open', error: unknown, times: number, coolDownMs: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether writes go through without asking. */
  get closed(): boolean {
    return this.#state === 'closed' || this.#released;
  }

  report(): BreakerReport {
    const state = this.#state;
    const retryInMs = Math.max(0, Math.round(this.#until - this.now()));
    return { state, failures: this.#failures, ...(state === 'open' ? { retryInMs } : {}) };
  }

  /** Resolves when a write may begin; rejects when `signal` is aborted. What became of the write must be told. */
  async enter(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (this.closed) return;
      if (this.#state === 'open' && this.now() >= this.#until) this.#state = 'half-open';
      if (this.#state === 'half-open' && this.#probing < this.options.probes) {
        this.#probing += 1;
        return;
      }
      await this.#change(signal);
    }
  }

  /** The sink took a write, or had something to say about its data: it is there. */
  answered(): void {
    this.#failures = 0;
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#openings = 0;
    this.#probing = 0;
    this.told('closed', this.#lastError, 0, 0);
    this.#wake();
  }

  /** A whole write failed, in a way that may pass. */
  failed(error: unknown): void {
    this.#failures += 1;
    if (this.#state === 'open' || (this.#state === 'closed' && this.#failures < this.options.failures)) return;
    this.#openings += 1;
    const { coolDownMs, maxCoolDownMs } = this.options;
    const forMs = Math.min(maxCoolDownMs, coolDownMs * 2 ** (this.#openings - 1));
    this.#lastError = error;
    this.#state = 'open';
    this.#probing = 0;
    this.#until = this.now() + forMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.min(LONGEST_TIMER_MS, forMs));
    this.told('open', error, this.#openings, forMs);
  }

  /** Nobody waited for the end of a write. */
  abandoned(): void {
    if (this.#state !== 'half-open') return;
    this.#probing = Math.max(0, this.#probing - 1);
    this.#wake();
  }

  /** Nobody waits any more: the pipeline drains, and tries what it can. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
    this.#wake();
  }

  #lastError: unknown;

  /** Resolves when something may have changed. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look);
    });
  }

  #wake(): void {
    // A timer may fire a little early by the monotonic clock.
    if (this.#state === 'open' && !this.#released && this.now() < this.#until) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wake(), Math.min(LONGEST_TIMER_MS, Math.max(1, this.#until - this.now())));
      return;
    }
    for (const look of [...this.#waiting]) look();
  }
}
