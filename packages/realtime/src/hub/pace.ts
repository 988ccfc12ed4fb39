import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';

/**
 * Resolves when no connection has more than so many bytes waiting, or after the time-out. Who was waited for in vain is not waited for
 * again until it has caught up: one slow reader delays a publisher once, not each time.
 */
export async function keptUp(connections: ReadonlySet<Connection>, bytes: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let behind = above(connections, bytes);
  while (behind.length > 0 && performance.now() < deadline) {
    await delay(5);
    behind = above(behind, bytes);
  }
  for (const connection of behind) connection.lagging = true;
}

function above(connections: Iterable<Connection>, bytes: number): Connection[] {
  const found: Connection[] = [];
  for (const connection of connections) {
    if (connection.buffered <= bytes) connection.lagging = false;
    else if (!connection.lagging && connection.isOpen) found.push(connection);
  }
  return found;
}
