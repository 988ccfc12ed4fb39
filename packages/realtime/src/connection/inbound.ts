import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
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
  const inbound: Inbound = { connection, budget: new InboundBudget(limits), counters, handlers };
  // The listeners are the same functions for all clients: closures for each would be a good part of what an idle connection takes.
  Object.assign(ws, { [INBOUND]: inbound });
  Object.assign(socket, { [INBOUND]: inbound });
  socket.on('data', onData);
  ws.on('message', onMessage);
  ws.on('ping', onPing);
  ws.on('pong', onPong);
}

interface Inbound {
  readonly connection: Connection;
  readonly budget: InboundBudget;
  readonly counters: HubCounters;
  readonly handlers: Readonly<Record<string, MessageHandler>>;
}

/** Where a socket and its WebSocket have what belongs to them. */
const INBOUND = Symbol('inbound');
const inboundOf = (emitter: object) => (emitter as { readonly [INBOUND]: Inbound })[INBOUND];

function onData(this: Duplex, chunk: Buffer): void {
  const { connection, budget } = inboundOf(this);
  const standing = budget.chunk(chunk);
  if (standing === 'flood' && connection.ws.readyState === connection.ws.CLOSING) connection.ws.terminate();
  else if (standing !== 'within') tooMany(connection);
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const { connection, budget, counters, handlers } = inboundOf(this);
  connection.alive = true;
  counters.received += 1;
  if (!connection.isOpen) return;
  if (!budget.message()) {
    tooMany(connection);
    return;
  }
  const reply = answer(isBinary ? undefined : parse(data.toString()), handlers);
  if (reply !== undefined) connection.send(reply);
}

function onPing(this: WebSocket, payload: Buffer): void {
  const { connection, budget } = inboundOf(this);
  connection.alive = true;
  if (!budget.message()) tooMany(connection);
  else connection.write(pongFrame(payload), 0);
}

function onPong(this: WebSocket): void {
  inboundOf(this).connection.alive = true;
}

function tooMany(connection: Connection): void {
  connection.close(CLOSE_TOO_MANY_MESSAGES, 'too many messages');
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
