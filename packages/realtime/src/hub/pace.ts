import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../connection/connection.js';

/** Resolves when no connection has more than so many bytes waiting, or after the time-out. */
export async function keptUp(connections: ReadonlySet<Connection>, bytes: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (anyAbove(connections, bytes) && performance.now() < deadline) await delay(5);
}

function anyAbove(connections: ReadonlySet<Connection>, bytes: number): boolean {
  for (const connection of connections) {
    if (connection.buffered > bytes && connection.ws.readyState === connection.ws.OPEN) return true;
  }
  return false;
}
