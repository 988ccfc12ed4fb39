import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ComponentError } from '@sluice/contracts';
import type { HealthHandler } from './health-handler.js';

/** Connections at once; whoever probes needs one or two. */
const MAX_CONNECTIONS = 64;

/** A small HTTP server for the health pages. */
export interface HealthServer {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** Resolves once the port is free again. */
  close(): Promise<void>;
}

/**
 * Listens on `host` and `port`, 0 for any that is free.
 *
 * @throws ComponentError `APP_HEALTH_PORT` when it can't.
 */
export async function startHealthServer(handler: HealthHandler, host: string, port: number): Promise<HealthServer> {
  const server = createServer(handler);
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new ComponentError('APP_HEALTH_PORT', `the health pages can't be served at ${host}, port ${port}: ${code}`, {
      cause: error,
      details: { host, port, code },
    });
  }
  return { url: urlOf(server), close: () => close(server) };
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
