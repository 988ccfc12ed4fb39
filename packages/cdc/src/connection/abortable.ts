import type { Socket } from 'node:net';
import type pg from 'pg';

/** Closes a connection at once, without a word. */
export function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

/** What ends a piece of work that waits for the server. */
export interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Does something with a connection. When it takes too long, or `signal` is aborted meanwhile, the connection is destroyed,
 * which makes the work fail as if the connection had been lost.
 */
export async function abortable<T>(
  client: pg.Client,
  { signal, timeoutMs }: Limits,
  work: () => Promise<T>,
): Promise<T> {
  const cut = () => destroy(client);
  if (signal.aborted) cut();
  signal.addEventListener('abort', cut);
  const timer = timeoutMs === undefined ? undefined : setTimeout(cut, timeoutMs);
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', cut);
    clearTimeout(timer);
  }
}
