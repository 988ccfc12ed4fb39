import { retryClass } from './failure-class.js';
import { backoffMs, pause, type RetryPolicy } from './retry-policy.js';

/** How long work is tried again, and who is told. */
export interface TryAgainSetting {
  readonly policy: RetryPolicy;
  /** Aborted when nobody waits for the outcome any more. */
  readonly signal: AbortSignal;
  /** Called before each repetition. */
  readonly retried: (error: unknown, attempt: number) => void;
}

/** Does the work, again with pauses while its errors say that this helps. Rejects with the last error. */
export async function tryAgain<T>(work: () => Promise<T>, { policy, signal, retried }: TryAgainSetting): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const again = retryClass(error);
      if (signal.aborted || again === 'operator' || again === 'never' || attempt >= policy.maxAttempts) throw error;
      retried(error, attempt);
      if (again !== 'now') await pause(backoffMs(policy, attempt), signal);
    }
  }
}
