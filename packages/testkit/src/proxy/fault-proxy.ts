import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { ComponentError } from '@sluice/contracts';
import type { Faults } from './faults.js';
import { type ProxiedConnection, proxyConnection } from './proxied-connection.js';
import { Direction, type ProxyDirection } from './proxy-direction.js';

/** What the proxy stands before, and what it begins with. */
export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Default: a free one. */
  readonly port?: number;
  /** Of jitter, splits and corruption: the same seed does the same to the same bytes of the same connection. Default: 1. */
  readonly seed?: number;
  /** Bytes held at most for each direction of each connection, plus one chunk of a socket. Default: 65,536. */
  readonly bufferBytes?: number;
  /** Faults from client to target, from the start. */
  readonly up?: Faults;
  /** Faults from target to client, from the start. */
  readonly down?: Faults;
}

/** A TCP proxy on loopback whose line can be made bad while it runs. Bytes are bytes: TLS passes as anything else. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly seed: number;
  /** From clients to the target. */
  readonly up: ProxyDirection;
  /** From the target to clients. */
  readonly down: ProxyDirection;
  /** Those that are open. */
  readonly connections: readonly ProxiedConnection[];
  /** How many were accepted so far. */
  readonly accepted: number;
  /** The same URL with the proxy's host and port. */
  through(url: string): string;
  /** Ends all open connections by RST. */
  reset(): void;
  /** New connections are refused from now on; open ones stay. */
  refuse(): void;
  /**
   * Accepts again, on the same port.
   *
   * @throws ComponentError `TEST_PROXY_LISTEN_FAILED` when another program has taken the port meanwhile.
   */
  accept(): Promise<void>;
  /** Takes all faults away, and accepts again. */
  heal(): Promise<void>;
  /** Ends all connections and stops listening. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy before `target`, which need not be there yet: without it, connections are reset.
 *
 * @throws ComponentError `OPTIONS_INVALID` naming the option, `TEST_PROXY_LISTEN_FAILED` when the port is taken.
 */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, seed = 1, bufferBytes = 65_536 } = options;
  whole('target.port', target.port, 1, 65_535);
  whole('port', options.port ?? 0, 0, 65_535);
  whole('seed', seed, 0, 2 ** 32 - 1);
  whole('bufferBytes', bufferBytes, 1, 2 ** 30);
  const up = new Direction(options.up ?? {});
  const down = new Direction(options.down ?? {});
  const open = new Map<number, ProxiedConnection>();
  let accepted = 0;

  const makeServer = () =>
    createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      accepted += 1;
      const id = accepted;
      const closed = () => open.delete(id);
      const own = (seed + Math.imul(id, 0x9e3779b1)) >>> 0;
      open.set(id, proxyConnection({ id, client, target, up, down, bufferBytes, seed: own, closed }));
    });
  let server: Server | undefined = await listen(makeServer(), options.port ?? 0);
  const { port } = server.address() as { port: number };

  const refuse = () => {
    server?.close(); // what is open stays open
    server = undefined;
  };
  const accept = async () => {
    if (server === undefined) server = await listen(makeServer(), port);
  };
  const reset = () => {
    for (const connection of [...open.values()]) connection.reset();
  };
  const stop = async () => {
    const closing = server?.listening ? once(server, 'close') : undefined;
    refuse();
    reset();
    await closing;
  };
  return {
    ...{ host: '127.0.0.1', port, seed, up, down, reset, refuse, accept, stop, [Symbol.asyncDispose]: stop },
    get connections() {
      return [...open.values()];
    },
    get accepted() {
      return accepted;
    },
    through(url) {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${port}`;
      return changed.href;
    },
    async heal() {
      up.clear();
      down.clear();
      await accept();
    },
  };
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new ComponentError('TEST_PROXY_LISTEN_FAILED', `the proxy cannot listen on port ${port}`, {
      cause,
      details: { port },
    });
  }
  return server;
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ComponentError('OPTIONS_INVALID', `${name}: a whole number from ${least} to ${most}`);
}
