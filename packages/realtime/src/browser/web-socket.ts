/** What is used of a WebSocket: the browser's, Node's (22 and later), or that of `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** What makes a WebSocket, as the platform's `WebSocket` does. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** The platform's own WebSocket. Throws a TypeError where there is none (Node before 22): give `WebSocket` as an option there. */
export function platformWebSocket(): WebSocketConstructor {
  const found = (globalThis as { readonly WebSocket?: unknown }).WebSocket;
  if (typeof found !== 'function')
    throw new TypeError('There is no WebSocket here: give one as the option `WebSocket`');
  return found as WebSocketConstructor;
}
