import {
  type Authenticate,
  type Hub,
  type Identity,
  jwtAuthentication,
  type TokenAuthentication,
  type UpgradableServer,
} from '@sluice/realtime';
import { addressReader, isHandedOn } from '../http/client-address.js';
import { isOurHost } from '../http/hosts.js';
import type { Log } from '../http/log.js';
import { withoutSecrets } from '../http/secrets.js';
import { channelsOf, documentOf, mayFollow } from './channels.js';

/** Who may follow what. */
export interface LiveFeedOptions {
  readonly secret: string;
  readonly log: Log;
  readonly trustedProxies: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
}

/**
 * `WS /ws/{document_id}` and `WS /ws?channel=documents`, both with a token.
 *
 * `?offset=` asks for what came after it, `0` for everything; `?presence=1` makes the client a member of the document's channel and tells
 * it who else is there. A token that is missing or bad is answered 401, one for another document 403.
 */
export function attachLiveFeed(server: UpgradableServer, hub: Hub, options: LiveFeedOptions): void {
  const { secret, log, trustedProxies, allowedOrigins, allowedHosts } = options;
  hub.attach(server, {
    path: '/ws',
    authenticate: ourTokens(jwtAuthentication({ secret }), allowedHosts),
    channels: (_, url) => channelsOf(url),
    authorize: mayFollow,
    presence: ({ claims }, channel, _, { searchParams }) =>
      documentOf(channel) !== undefined && searchParams.get('presence') === '1'
        ? { info: { email: claims['email'] ?? null }, watch: true }
        : null,
    welcome: ([channel = ''], _, { identity, joined: [place] }) => {
      const document_id = documentOf(channel);
      const { epoch, offset, recovered } = place ?? {};
      const data = {
        ...(document_id === undefined ? { channel } : { document_id }),
        user_id: identity?.subject,
        email: identity?.claims['email'] ?? null,
        message: 'Connected',
        epoch,
        offset,
        recovered,
      };
      return { type: 'connection.established', data, timestamp: new Date().toISOString() };
    },
    origins: ['same-host', ...allowedOrigins],
    address: addressReader(trustedProxies),
    onRefused: ({ status, detail, error }, { url = '', headers }) => {
      const request = { request_id: headers['x-request-id'], path: withoutSecrets(url.replace(/\?.*$/s, '')), status };
      if (error === undefined) log.info(request, detail);
      else log.error({ ...request, err: error }, 'a handshake failed');
    },
  });
}

/**
 * A token that names an audience is made for somebody else: ours name none. RFC 7519, section 4.1.3. Nor is any token good under a name that is not
 * ours, as the page of another site would use it that had the name point here.
 */
function ourTokens(tokens: TokenAuthentication, allowedHosts: readonly string[]): Authenticate {
  const ours = (identity: Identity | null) => (identity?.claims['aud'] === undefined ? identity : null);
  const authenticate: Authenticate = async (request, url) =>
    isHandedOn(request) || isOurHost(request, allowedHosts) ? ours(await tokens(request, url)) : null;
  return Object.assign(authenticate, { verify: async (token: string) => ours(await tokens.verify(token)) });
}
