import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/**
 * The headers for a service behind the gateway: what a client says of where it comes from is replaced by what the gateway knows. A
 * service that trusts the gateway can believe all of it.
 */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  { address, requestId, host }: { readonly address: string; readonly requestId: string; readonly host: string },
): IncomingHttpHeaders {
  const { forwarded: _f, 'x-real-ip': _r, 'x-forwarded-for': _x, 'x-forwarded-host': _h, ...rest } = headers;
  return { ...rest, 'x-forwarded-for': address, 'x-forwarded-host': host, 'x-request-id': requestId };
}

/** The name under which the client reached the gateway. */
export const hostOf = (request: Pick<IncomingMessage, 'headers'>): string => request.headers.host ?? '';
