import { PING_FRAME } from '../frame/text-frame.js';
import type { HubCounters } from '../hub/stats.js';
import type { Connection } from './connection.js';

/**
 * Finds the dead: pings every client each `intervalMs`, and `timeoutMs` later ends those that answered nothing.
 *
 * Two timers serve all connections. Anything that a client sends counts as an answer. A silent client's socket is destroyed
 * without a closing handshake, as nobody is there to take part in one.
 */
export function startHeartbeat(
  connections: ReadonlySet<Connection>,
  timing: { readonly intervalMs: number; readonly timeoutMs: number },
  counters: HubCounters,
): () => void {
  let deadline: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    const pinged = [...connections];
    for (const connection of pinged) {
      connection.alive = false;
      connection.write(PING_FRAME, 0);
    }
    deadline = setTimeout(() => endSilent(pinged, counters), timing.timeoutMs);
    deadline.unref();
  }, timing.intervalMs);
  interval.unref();
  return () => {
    clearInterval(interval);
    clearTimeout(deadline);
  };
}

function endSilent(pinged: readonly Connection[], counters: HubCounters): void {
  for (const connection of pinged) {
    if (connection.alive || connection.ws.readyState !== connection.ws.OPEN) continue;
    counters.unresponsive += 1;
    connection.ws.terminate();
  }
}
