import type { IncomingMessage } from 'node:http';

/** Who a client is, as its token says. */
export interface Identity {
  /** The client's own name: the `sub` claim of a token. Limits and presence go by it. */
  readonly subject: string;
  /** What else is known: the claims of a token, verified. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When that ends, in milliseconds since the epoch; the connection is then closed with 4401. Default: never. */
  readonly expiresAt?: number;
}

/**
 * Says who makes a request, or `null` for nobody (401). It must not say why: neither to the client nor by throwing. An error that it
 * throws means that it could not find out: 503 for a ComponentError that may pass by itself, 500 for anything else.
 */
export interface Authenticate {
  (request: IncomingMessage, url: URL): Identity | null | Promise<Identity | null>;
  /** The same for a token that comes over an open connection. Without it, `{"type":"refresh"}` is an unknown message. */
  readonly verify?: (token: string) => Identity | null | Promise<Identity | null>;
}

/** Whether a client may be in a channel. One that may not be in one of those it asked for is answered 403. */
export type Authorize = (identity: Identity, channel: string, request: IncomingMessage) => boolean | Promise<boolean>;

/** Whether the identity may be in each of the channels. */
export async function authorizedForAll(
  authorize: Authorize | undefined,
  identity: Identity,
  channels: readonly string[],
  request: IncomingMessage,
): Promise<boolean> {
  if (authorize === undefined) return true;
  for (const channel of channels) if ((await authorize(identity, channel, request)) !== true) return false;
  return true;
}
