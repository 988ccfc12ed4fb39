import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Message, token } from '../client/feed.js';
import type { UnderTest } from '../system.js';

/** Until it tries again, in milliseconds. */
const RETRY_MS = 200;

/** Follows the feed of all documents from its beginning, and goes on after the last offset whenever the connection is lost. */
export class Watcher {
  readonly events: Message[] = [];
  connections = 0;
  #socket: WebSocket | undefined;
  readonly #running: Promise<void>;

  constructor(
    private readonly system: UnderTest,
    private readonly signal: AbortSignal,
  ) {
    this.#running = this.#run();
  }

  /** Resolves when it has stopped. */
  get ended(): Promise<void> {
    return this.#running;
  }

  async #run(): Promise<void> {
    const stop = () => this.#socket?.terminate();
    this.signal.addEventListener('abort', stop);
    while (!this.signal.aborted) {
      await this.#follow().catch(() => undefined); // it is down: tried again
      await pause(RETRY_MS);
    }
    this.signal.removeEventListener('abort', stop);
  }

  async #follow(): Promise<void> {
    const url = new URL('/ws?channel=documents', this.system().gateway.replace(/^http/, 'ws'));
    url.searchParams.set('offset', String(this.events.at(-1)?.offset ?? 0));
    url.searchParams.set('token', await token(this.system));
    const socket = new WebSocket(url, { handshakeTimeout: 10_000 });
    this.#socket = socket;
    socket.on('message', (text) => {
      const message = JSON.parse(text.toString());
      if (/^(document|signature)\./.test(message.type)) this.events.push(message);
    });
    await new Promise<void>((resolve) => {
      socket.once('open', () => {
        this.connections += 1;
        if (this.signal.aborted) socket.terminate();
      });
      socket.on('error', () => undefined); // `close` follows
      socket.once('close', () => resolve());
    });
  }
}
