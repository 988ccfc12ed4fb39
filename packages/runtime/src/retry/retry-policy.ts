import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { LONGEST_TIMER_MS } from './within.js';

/** How often and how fast to try again. */
export interface RetryOptions {
  /**
   * How often a write or an event is tried in all. After that an event goes to the dead letters; a sink that fails as a whole
   * is closed and opened anew. Default: 8.
   */
  readonly maxAttempts?: number;
  /** The first pause, in milliseconds. Default: 50. */
  readonly initialMs?: number;
  /** No pause is longer, in milliseconds. Default: 30,000. */
  readonly maxMs?: number;
  /** Each pause is this many times the one before. Default: 2. */
  readonly factor?: number;
}

export type RetryPolicy = Required<RetryOptions>;

/** Fills in the defaults. Throws `OPTIONS_INVALID`, naming the option. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  refuseUnknownOptions('retry', options, ['maxAttempts', 'initialMs', 'maxMs', 'factor']);
  const policy = { maxAttempts: 8, initialMs: 50, maxMs: 30_000, factor: 2, ...options };
  const least = { maxAttempts: 1, initialMs: 0, maxMs: 0, factor: 1 };
  for (const name of Object.keys(least) as (keyof RetryPolicy)[]) {
    const value = policy[name];
    if (typeof value === 'number' && value >= least[name] && Number.isFinite(value)) continue;
    throw new ComponentError('OPTIONS_INVALID', `retry.${name} must be a finite number of at least ${least[name]}`);
  }
  return policy;
}

/**
 * The pause before attempt `attempt` (1 is the first repetition), in milliseconds: exponential, with full jitter over its
 * upper half, so that many instances that failed together do not come back together.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
    signal.addEventListener('abort', done);
  });
}
