import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { waitFor } from '../../src/index.js';
import { type FaultProxy, type FaultProxyOptions, faultProxy } from '../../src/proxy/index.js';

/** A server that answers with what it gets, a proxy before it, and clients of the proxy. */
export interface Echo extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** The server's side of each connection. */
  readonly served: readonly Socket[];
  client(): Promise<Client>;
}

/** A client that remembers what came, and how it ended. */
export class Client {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  /** `end`: by FIN; else the code of the error. */
  ended: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('end', () => {
      this.ended ??= 'end';
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.ended ??= error.code;
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Resolves with all that came, once it is so many bytes. */
  received(bytes: number): Promise<Buffer> {
    return waitFor(() => this.bytes.length >= bytes && this.bytes, { what: `${bytes} bytes`, timeoutMs: 30_000 });
  }

  over(): Promise<string> {
    return waitFor(() => this.ended, { what: 'the end of the connection', timeoutMs: 30_000 });
  }
}

export async function echo(options: Partial<FaultProxyOptions> = {}): Promise<Echo> {
  const served: Socket[] = [];
  const clients: Client[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    served.push(socket);
    socket.on('error', () => undefined); // the tests break connections
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const proxy = await faultProxy({ target: { host: '127.0.0.1', port }, ...options });
  return {
    proxy,
    served,
    async client() {
      const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true, noDelay: true });
      const client = new Client(socket);
      clients.push(client);
      await once(socket, 'connect');
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of clients) socket.destroy();
      for (const socket of served) socket.destroy();
      await proxy.stop();
      server.close();
    },
  };
}
