import type { RawData } from 'ws';
import { pongFrame } from '../frame/text-frame.js';
import { CLOSE_TOO_MANY_MESSAGES } from '../hub/close-codes.js';
import type { HubCounters } from '../hub/stats.js';
import type { Connection } from './connection.js';

/**
 * Answers what a client sends.
 *
 * - `{"type":"ping"}` → `{"type":"pong","timestamp"}`, the time in ISO 8601
 * - what is not JSON → `{"type":"error","message":"Invalid JSON"}`, and the connection lives
 * - anything else → `{"type":"error","message":"Unknown message type"}`
 *
 * More than `maxMessagesPerSecond`, control frames included, closes with 4029. Answers go through the connection's cap, so a client that
 * sends and never reads costs no more than any other slow reader.
 */
export function listen(connection: Connection, maxMessagesPerSecond: number, counters: HubCounters): void {
  const { ws } = connection;
  const allowed = rateLimit(maxMessagesPerSecond);
  ws.on('message', (data: RawData, isBinary: boolean) => {
    connection.alive = true;
    counters.received += 1;
    if (!allowed()) ws.close(CLOSE_TOO_MANY_MESSAGES, 'too many messages');
    else connection.send(answer(isBinary ? undefined : parse(data.toString())));
  });
  ws.on('ping', (payload: Buffer) => {
    connection.alive = true;
    if (!allowed()) ws.close(CLOSE_TOO_MANY_MESSAGES, 'too many messages');
    else connection.write(pongFrame(payload), 0);
  });
  ws.on('pong', () => {
    connection.alive = true;
  });
}

function answer(message: unknown): unknown {
  if (message === undefined) return { type: 'error', message: 'Invalid JSON' };
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
  if (type === 'ping') return { type: 'pong', timestamp: new Date().toISOString() };
  return { type: 'error', message: 'Unknown message type' };
}

/** `undefined` for what is not JSON, which JSON itself cannot express. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever the parser objects to, the client is told the same.
    return undefined;
  }
}

/** Counts within windows of one second. */
function rateLimit(perSecond: number): () => boolean {
  let windowStart = 0;
  let count = 0;
  return () => {
    const now = performance.now();
    if (now - windowStart >= 1_000) {
      windowStart = now;
      count = 0;
    }
    count += 1;
    return count <= perSecond;
  };
}
