/** When to connect again after the link was lost. All in milliseconds. */
export interface ReconnectOptions {
  /** Default: 100. */
  readonly initialDelayMs?: number;
  /** Default: 5,000. */
  readonly maxDelayMs?: number;
  /** After this long without a link the error is passed on. Default: 60,000. */
  readonly giveUpAfterMs?: number;
}

/** The pause before attempt `attempt` (0, 1, …): doubles up to a maximum, between half of it and all of it by chance. */
export function backoffMs(attempt: number, options: Required<ReconnectOptions>, random = Math.random()): number {
  const full = Math.min(options.maxDelayMs, options.initialDelayMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random;
}
