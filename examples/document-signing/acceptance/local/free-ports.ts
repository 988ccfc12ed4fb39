import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** How far each service's port lies from the gateway's, as the defaults have it. */
export const PORTS = { gateway: 0, signature: 2, search: 3, realtime: 4, document: 5, grpc: 42_051 } as const;

/** A port from which all ports of the system are free. */
export async function freePortBase(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const base = 10_000 + 10 * randomInt(1_300);
    const free = await Promise.all(Object.values(PORTS).map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports were found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
