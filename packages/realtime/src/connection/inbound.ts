import type { Duplex } from 'node:stream';
import type { RawData } from 'ws';
import { pongFrame } from '../frame/text-frame.js';
import { CLOSE_TOO_MANY_MESSAGES } from '../hub/close-codes.js';
import type { HubCounters } from '../hub/stats.js';
import { InboundBudget, type InboundLimits } from '../limits/inbound-budget.js';
import type { Connection } from './connection.js';

/** Answers a message of one type; what it returns is sent, `undefined` is not. */
export type MessageHandler = (message: Readonly<Record<string, unknown>>) => unknown;

/**
 * Answers what a client sends.
 *
 * - `{"type":"ping"}` → `{"type":"pong","timestamp"}`, the time in ISO 8601
 * - a type that has a handler → what the handler answers
 * - what is not JSON → `{"type":"error","message":"Invalid JSON"}`, and the connection lives
 * - anything else → `{"type":"error","message":"Unknown message type"}`
 *
 * More messages and pings than `maxMessagesPerSecond`, more frames or more bytes than their limits, close with 4029; who goes on
 * sending much more than that is cut off. Answers go through the connection's cap, so a client that sends and never reads costs no more
 * than any other slow reader.
 */
export function listen(
  connection: Connection,
  socket: Duplex,
  limits: InboundLimits,
  counters: HubCounters,
  handlers: Readonly<Record<string, MessageHandler>>,
): void {
  const { ws } = connection;
  const budget = new InboundBudget(limits);
  const tooMany = () => ws.close(CLOSE_TOO_MANY_MESSAGES, 'too many messages');
  socket.on('data', (chunk: Buffer) => {
    const standing = budget.chunk(chunk);
    if (standing === 'flood' && ws.readyState === ws.CLOSING) ws.terminate();
    else if (standing !== 'within') tooMany();
  });
  ws.on('message', (data: RawData, isBinary: boolean) => {
    connection.alive = true;
    counters.received += 1;
    if (ws.readyState !== ws.OPEN) return;
    if (!budget.message()) return tooMany();
    const reply = answer(isBinary ? undefined : parse(data.toString()), handlers);
    if (reply !== undefined) connection.send(reply);
  });
  ws.on('ping', (payload: Buffer) => {
    connection.alive = true;
    if (!budget.message()) tooMany();
    else connection.write(pongFrame(payload), 0);
  });
  ws.on('pong', () => {
    connection.alive = true;
  });
}

function answer(message: unknown, handlers: Readonly<Record<string, MessageHandler>>): unknown {
  if (message === undefined) return { type: 'error', message: 'Invalid JSON' };
  const type = isMessage(message) ? message.type : undefined;
  if (type === 'ping') return { type: 'pong', timestamp: new Date().toISOString() };
  if (isMessage(message) && Object.hasOwn(handlers, message.type)) return handlers[message.type]?.(message);
  return { type: 'error', message: 'Unknown message type' };
}

function isMessage(value: unknown): value is { readonly type: string } & Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
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
