import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';

/**
 * The address that a request came from: the socket's, unless that is a trusted proxy's, whose X-Forwarded-For is believed then.
 *
 * A gateway in this process has found it out already and has handed it on by {@link handOnAddress}.
 */
export function clientAddressOf(request: Pick<FastifyRequest, 'raw' | 'ip'>): string {
  return handedOn.get(request.raw) ?? request.ip;
}

/** The same for requests that Fastify does not see: upgrades to a WebSocket. */
export function addressReader(trustedProxies: readonly string[] = []): (request: IncomingMessage) => string {
  const trusted = trustedProxies.length === 0 ? () => false : proxyAddr.compile([...trustedProxies]);
  return (request) => handedOn.get(request) ?? proxyAddr(request, trusted);
}

/** Beside the request, not in a header of it: nothing that a client sends can look like it. */
export function handOnAddress(request: IncomingMessage, address: string): void {
  handedOn.set(request, address);
}

/** Whether a gateway in this process has let it through. */
export function isHandedOn(request: IncomingMessage): boolean {
  return handedOn.has(request);
}

const handedOn = new WeakMap<IncomingMessage, string>();
