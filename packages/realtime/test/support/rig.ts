import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { type AttachOptions, type Hub, type HubOptions, realtimeHub } from '../../src/index.js';

/** A hub on a real HTTP server; both end with the test. The channels are those of the `channel` parameters. */
export async function startHub(options: HubOptions = {}, attach: Partial<AttachOptions> = {}, port = 0) {
  const hub = realtimeHub(options);
  const server = createServer((_, response) => response.end('http'));
  hub.attach(server, { channels: (_, url) => url.searchParams.getAll('channel'), ...attach });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  onTestFinished(() => stop(hub, server));
  return { hub, server, port: taken, url: `ws://127.0.0.1:${taken}/ws`, stop: () => stop(hub, server) };
}

async function stop(hub: Hub, server: Server): Promise<void> {
  await hub.close({ deadlineMs: 100 });
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A client that keeps what it received, as text, and how it ended. */
export class Client {
  readonly received: string[] = [];
  readonly ws: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, { protocols = [], ...options }: ClientOptions & { protocols?: readonly string[] } = {}) {
    this.ws = new WebSocket(url, [...protocols], options);
    this.ws.on('message', (data) => this.received.push(data.toString()));
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
    });
    this.opened.catch(() => undefined);
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      this.ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    onTestFinished(() => this.ws.terminate());
  }

  static async open(url: string, options?: ClientOptions & { protocols?: readonly string[] }): Promise<Client> {
    const client = new Client(url, options);
    await client.opened;
    return client;
  }

  /** Waits until so many messages were received, and returns them parsed. */
  async messages(count: number): Promise<unknown[]> {
    await until(() => this.received.length >= count);
    return this.received.map((text) => JSON.parse(text));
  }
}

/** The HTTP status of a handshake that is answered with an error. */
export function refusal(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  const ws = new WebSocket(url, options);
  ws.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    ws.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode);
    });
    ws.once('open', () => reject(new Error('the handshake was accepted')));
  });
}

/** A WebSocket client that does the handshake and then never reads a byte. */
export async function deafClient(port: number, channel: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(
    `GET /ws?channel=${channel} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('readable', resolve));
  socket.pause();
  return socket;
}

/** Waits for a condition, with the test kit's deadline; a failure shows the condition itself. */
export async function until(condition: () => boolean): Promise<void> {
  await waitFor(condition, { what: String(condition) });
}
