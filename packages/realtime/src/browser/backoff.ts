/** How long the pauses between tries are. */
export interface BackoffOptions {
  /** The pause after the first failure, in milliseconds, before jitter. Default: 500. */
  readonly minMs?: number;
  /** The longest pause, in milliseconds. Default: 15,000. */
  readonly maxMs?: number;
}

/**
 * How long to wait after so many failures (from 1): doubling, then a random time between half of that and all of it, so that the clients
 * of a server that restarts do not all return at once.
 */
export function backoffMs(failures: number, options: BackoffOptions = {}, random: () => number = Math.random): number {
  const { minMs = 500, maxMs = 15_000 } = options;
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
