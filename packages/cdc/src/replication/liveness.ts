/** What the silence of a link means. */
export type Liveness = 'alive' | 'ask' | 'dead';

/**
 * - `ask`: silent for half the time-out: the server should answer a status with its `ask` flag.
 * - `dead`: silent for all of it.
 *
 * While the reader is paused nothing can be heard, so nothing can be said.
 */
export function livenessOf(silentMs: number, timeoutMs: number, paused: boolean): Liveness {
  if (paused || silentMs < timeoutMs / 2) return 'alive';
  return silentMs < timeoutMs ? 'ask' : 'dead';
}
