import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';

/** So often a publisher waits in vain for a client that takes something meanwhile. */
const PATIENCE = 20;
/** A wait for one that takes nothing counts for so many. */
const STANDSTILL = 5;

/**
 * Resolves when no connection has more than so many bytes waiting, or after the time-out. A client is waited for in vain a few times,
 * fewer if it takes nothing at all, and then not until it has caught up: a slow reader must not hold up a publisher each time.
 */
export async function keptUp(connections: ReadonlySet<Connection>, bytes: number, timeoutMs: number): Promise<void> {
  let behind = above(connections, bytes);
  if (behind.length === 0) return;
  const before = new Map(behind.map((connection) => [connection, connection.buffered]));
  const deadline = performance.now() + timeoutMs;
  while (behind.length > 0 && performance.now() < deadline) {
    await delay(5);
    behind = above(behind, bytes);
  }
  for (const connection of behind) {
    const stands = connection.buffered >= (before.get(connection) ?? 0);
    connection.waitedInVain += stands ? STANDSTILL : 1;
  }
}

function above(connections: Iterable<Connection>, bytes: number): Connection[] {
  const found: Connection[] = [];
  for (const connection of connections) {
    if (connection.buffered <= bytes) connection.waitedInVain = 0;
    else if (connection.waitedInVain < PATIENCE && connection.isOpen) found.push(connection);
  }
  return found;
}
