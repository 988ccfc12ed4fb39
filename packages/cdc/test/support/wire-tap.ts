import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to a connection: it is carried to the server, refused, or accepted and never answered. */
export type Manner = 'carry' | 'refuse' | 'swallow';

/** A TCP proxy in front of a server, to take connections apart as a network does. */
export class WireTap implements AsyncDisposable {
  /** For connections to come. */
  manner: Manner = 'carry';
  /** How many connections came. */
  connections = 0;
  /** A connection whose client says this gets no answers any more. */
  muteBehind: string | undefined;
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #sockets = new Set<Socket>();

  private constructor(upstream: URL) {
    this.#upstream = upstream;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async before(url: string): Promise<WireTap> {
    const tap = new WireTap(new URL(url));
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** The server's URL, through here. */
  get url(): string {
    const url = new URL(this.#upstream);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as { port: number }).port);
    return url.href;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    if (this.manner === 'refuse') {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('error', () => {
      // The other end shows it by closing.
    });
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.manner === 'swallow') socket.resume();
    else this.#carry(socket);
  }

  #carry(socket: Socket): void {
    const { hostname, port } = this.#upstream;
    const server = connect(Number(port), hostname);
    let muted = false;
    socket.on('data', (bytes) => {
      if (this.muteBehind !== undefined && bytes.includes(this.muteBehind)) muted = true;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!muted) socket.write(bytes);
    });
    server.on('error', () => socket.destroy());
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
  }
}
