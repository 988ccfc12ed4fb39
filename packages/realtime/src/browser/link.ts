import { Liveness } from './liveness.js';
import type { WebSocketConstructor } from './web-socket.js';

interface LinkOptions {
  readonly url: string;
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
  readonly WebSocket: WebSocketConstructor;
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly connectTimeoutMs: number;
  readonly onOpen: () => void;
  readonly onMessage: (message: unknown) => void;
  /** Called once, unless `close` was called: the link is gone, for whatever reason. */
  readonly onLost: (code: number) => void;
}

/** A link that is open, or is being tried. */
export interface Link {
  /** Asks for a sign of life. */
  check(): void;
  send(text: string): void;
  close(): void;
}

/** The link never opened, or is dead: what a browser says when there was no closing handshake. */
const ABNORMAL = 1006;

/**
 * One WebSocket, from the try to its end. A socket that is given up is let go of at once: the browser may take a minute to report the
 * end of a dead one.
 */
export function openLink(options: LinkOptions): Link {
  const socket = new options.WebSocket(options.url, [...(options.protocols ?? [])]);
  let liveness: Liveness | undefined;
  let over = false;

  const letGo = () => {
    over = true;
    clearTimeout(timeout);
    liveness?.stop();
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Some WebSockets report the failure of a try that was given up, and Node's `ws` throws it when nobody listens.
    socket.onerror = () => undefined;
  };
  const lose = (code: number) => {
    if (over) return;
    letGo();
    options.onLost(code);
  };
  const giveUp = () => {
    lose(ABNORMAL);
    socket.close();
  };
  const timeout = setTimeout(giveUp, options.connectTimeoutMs);

  socket.onopen = () => {
    clearTimeout(timeout);
    liveness = new Liveness(options.heartbeat, () => socket.send('{"type":"ping"}'), giveUp);
    options.onOpen();
  };
  socket.onmessage = (event: { readonly data: unknown }) => {
    liveness?.received();
    const message = parse(event.data);
    if (!isPong(message)) options.onMessage(message);
  };
  socket.onclose = (event: { readonly code: number }) => lose(event.code);
  // `close` always follows and has the code.
  socket.onerror = () => undefined;

  return {
    check: () => liveness?.check(),
    send: (text) => socket.send(text),
    close: () => {
      letGo();
      socket.close(1000);
    },
  };
}

function parse(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    // Not JSON: the page gets the text.
    return data;
  }
}

function isPong(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'pong';
}
