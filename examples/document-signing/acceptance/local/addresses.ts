import type { System } from '../system.js';
import { PORTS } from './free-ports.js';

/** The addresses of all services, as they follow from the gateway's where nothing else is said. */
export function addressesFrom(gateway: string): Omit<System, 'databaseUrl' | 'jwtSecret'> {
  const { protocol, hostname, port } = new URL(gateway);
  const base = Number(port || (protocol === 'https:' ? 443 : 80));
  const at = (offset: number) => `${protocol}//${hostname}:${base + offset}`;
  return {
    gateway: at(PORTS.gateway),
    document: at(PORTS.document),
    signature: at(PORTS.signature),
    search: at(PORTS.search),
    realtime: at(PORTS.realtime),
    grpc: `${hostname}:${base + PORTS.grpc}`,
  };
}
