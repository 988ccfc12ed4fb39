import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { addressReader, handOnAddress } from '../http/client-address.js';
import { isOurHost } from '../http/hosts.js';
import { requestId } from '../http/request-id.js';
import { isForeign } from './cross-site.js';
import { forwardedHeaders, hostOf } from './forwarded.js';
import type { RateLimiter } from './rate-limit.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import type { Replicas } from './replicas.js';
import { tunnel } from './tunnel.js';
import { isWebSocketPath } from './upstream.js';

/** What upgrades go through. */
export interface UpgradeParts {
  /** Of the realtime service: its server in this process, or its replicas. */
  readonly target: { readonly server: Server } | { readonly replicas: Replicas };
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly limiter: RateLimiter;
  readonly trustedProxies: readonly string[];
  readonly handshakeMs: number;
}

/** Connections that were upgraded. */
export interface Upgrades {
  /** Ends those that are still open. */
  end(): void;
}

/** Hands upgrades to a WebSocket on to the realtime service, after the checks that every request passes. */
export function forwardUpgrades(server: Server, parts: UpgradeParts): Upgrades {
  const addressOf = addressReader(parts.trustedProxies);
  const open = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // What it ends with is told by 'close'.
    socket.on('error', () => undefined);
    forward(request, socket, head).catch(() => socket.destroy());
  });

  async function forward(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const id = requestId(request);
    const refuse = (status: number, detail: string, ...headers: string[]) =>
      refuseUpgrade(socket, status, detail, [`x-request-id: ${id}`, ...headers]);
    const address = addressOf(request);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return refuse(400, 'Only a WebSocket is upgraded to');
    if (!isOurHost(request, parts.allowedHosts)) return refuse(403, 'This host is not served here');
    if (isForeign(request, parts.allowedOrigins)) return refuse(403, 'Pages of other sites may not connect');
    if (!isWebSocketPath(request.url ?? '')) return refuse(404, 'Not Found');
    const wait = await parts.limiter.refuse(address);
    if (wait !== undefined) return refuse(429, 'Too many requests', `retry-after: ${wait}`);
    if (socket.destroyed) return;
    if ('server' in parts.target) {
      handOnAddress(request, address);
      request.headers['x-request-id'] = id;
      parts.target.server.emit('upgrade', request, socket, head);
    } else {
      const headers = forwardedHeaders(request.headers, { address, requestId: id, host: hostOf(request) });
      tunnel({ request, socket, head, headers, handshakeMs: parts.handshakeMs }, parts.target.replicas);
    }
  }

  return {
    end() {
      for (const socket of open) socket.destroy();
    },
  };
}
