import type { IncomingMessage } from 'node:http';

/** The subprotocol that a client names to send a token beside it: `Sec-WebSocket-Protocol: bearer, <token>`. */
const BEARER = 'bearer';

/**
 * The token of a handshake: from `Authorization: Bearer <token>`, from `Sec-WebSocket-Protocol: bearer, <token>` (what a browser can send
 * and no log of addresses shows), or from `?token=`; the first of these that is there.
 */
export function bearerToken({ headers }: IncomingMessage, url: URL): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  const protocols = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  if (protocols[0] === BEARER) return protocols[1];
  return url.searchParams.get('token') ?? undefined;
}

/** Which of the subprotocols that a client offers is answered: `bearer`, never a token. */
export function answeredProtocol(offered: ReadonlySet<string>): string | false {
  return offered.has(BEARER) ? BEARER : false;
}
