import type { Service } from '../http/service.js';

/** Where requests for a service go: to a service of this process, without a second hop, or to replicas by their addresses. */
export type Upstream = { readonly service: Service } | { readonly replicas: readonly string[] };

/** The services behind the gateway. */
export interface Upstreams {
  readonly document: Upstream;
  readonly signature: Upstream;
  readonly search: Upstream;
  readonly realtime: Upstream;
}

export type UpstreamName = keyof Upstreams;

/** Which service answers what; the first pattern that fits, in the order of Fastify's router: a name before a wildcard. */
export const ROUTES: readonly (readonly [pattern: string, to: UpstreamName])[] = [
  ['/documents', 'document'],
  ['/documents/*', 'document'],
  ['/documents/:document_id/signatures', 'signature'],
  ['/documents/:document_id/signatures/*', 'signature'],
  ['/documents/:document_id/activity', 'realtime'],
  ['/signatures', 'signature'],
  ['/signatures/*', 'signature'],
  ['/search', 'search'],
  ['/suggest', 'search'],
  ['/aggregations', 'search'],
  ['/aggregations/*', 'search'],
  ['/auth/token', 'realtime'],
  ['/ws', 'realtime'],
  ['/ws/*', 'realtime'],
  ['/stats', 'realtime'],
];

/** Whether a request to upgrade this address to a WebSocket goes to the realtime service. */
export function isWebSocketPath(url: string): boolean {
  return /^\/ws(?:[/?]|$)/.test(url);
}
