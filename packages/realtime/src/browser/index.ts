export { type BackoffOptions, backoffMs } from './backoff.js';
export { connectRealtime, type RealtimeClient, type RealtimeOptions } from './connect.js';
export type { KnownPosition, MessagePosition, Skipped } from './positions.js';
export type { Present, PresentMember } from './presence.js';
export type { ConnectionState } from './state.js';
export type { TokenSource } from './token.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
