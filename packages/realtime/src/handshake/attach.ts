import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isComponentError } from '@sluice/contracts';
import { invalid } from '../hub/options.js';
import type { Authenticate, Authorize, Identity } from '../identity/identity.js';
import type { PresenceHook } from '../presence/presence-entries.js';
import type { JoinedChannel } from '../recovery/position.js';
import { type Admitted, admit, type Channels, type Joining, type Refusal } from './admit.js';
import { within } from './deadline.js';
import { headerBytes } from './header-bytes.js';
import { type OriginPolicy, originAllowed } from './origin.js';
import { refuse } from './refuse.js';

/** An `http.Server` or `https.Server`, also the one inside Fastify (`app.server`) or Express. */
export interface UpgradableServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
  listenerCount(event: 'upgrade'): number;
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Options of `hub.attach`. */
export interface AttachOptions {
  /** Upgrades of this path and of all below it are ours (`/ws` and `/ws/anything`). Default: `/ws`. */
  readonly path?: string;
  /**
   * The channels that a client joins, from the address it asked for. `null` answers 404, an error 500; a client that asks for more
   * than `maxChannelsPerConnection` is answered 400. `identity` is null without `authenticate`.
   *
   * A channel may come with where the client was. By default the address says it: `?channel=news&offset=12&epoch=…`; an `offset` and an
   * `epoch` belong to the `channel` before them, or to all channels when there is none before. They matter to a hub with a history only.
   */
  readonly channels: (request: IncomingMessage, url: URL, identity: Identity | null) => Channels | Promise<Channels>;
  /** Who a client is; nobody is answered 401. `jwtAuthentication` makes one for tokens. Default: nobody is asked. */
  readonly authenticate?: Authenticate;
  /** Asked for each channel, and again when a token is refreshed; needs `authenticate`. Default: every channel is open to all. */
  readonly authorize?: Authorize;
  /**
   * Which channels know who is in them, and who is told; needs `authenticate`. Asked for each channel of a client. Default: none do.
   */
  readonly presence?: PresenceHook;
  /**
   * The first message to a new client, before anything that is published. Default: none. With a history it must be an object, gets
   * `channels` (the `joined` of the context) besides its own members, and is `{"type":"connection.established"}` by default.
   */
  readonly welcome?: (channels: readonly string[], request: IncomingMessage, context: WelcomeContext) => unknown;
  /**
   * The address that `maxConnectionsPerAddress` goes by. Default: the peer's. Behind a proxy, the address that the proxy vouches for.
   */
  readonly address?: (request: IncomingMessage) => string;
  /** Called for each handshake that is answered with an error, to log or count it. Must not throw. */
  readonly onRefused?: (refusal: Refusal, request: IncomingMessage) => void;
  /** Which web pages may connect; others are answered 403. Default: `same-host`. */
  readonly origins?: OriginPolicy;
}

/** What is known of a client when its welcome is made. */
export interface WelcomeContext {
  /** For each channel, whether the client goes on where it was, and from where. */
  readonly joined: readonly JoinedChannel[];
  /** `null` without `authenticate`. */
  readonly identity: Identity | null;
}

/** A hub listening to one server's upgrades. */
export interface Attachment {
  /** Stops listening. Connections stay. */
  detach(): void;
}

/** What the handshake needs of a hub. */
export interface Admission extends Joining {
  /** Takes a place for a handshake from this address, or says why there is none. */
  enter(address: string): Refusal | undefined;
  /** Gives the place of a handshake back; when its client was not `accepted`, that of its address too. */
  leave(address: string, accepted: boolean): void;
  /** Completes the handshake and puts the client into its channels. False when it was answered with an error instead. */
  accept(client: Admitted, socket: Duplex, head: Buffer, address: string, options: AttachOptions): boolean;
  refused(): void;
  readonly maxHeaderBytes: number;
  readonly timeoutMs: number;
}

/** Makes `admission` answer the upgrades of `server` that lie under the path. Throws `OPTIONS_INVALID`. */
export function attach(server: UpgradableServer, options: AttachOptions, admission: Admission): Attachment {
  const path = options.path ?? '/ws';
  if (!path.startsWith('/')) throw invalid('path', 'must begin with /');
  if (typeof options.channels !== 'function') throw invalid('channels', 'must be a function');
  if (options.authorize !== undefined && options.authenticate === undefined) {
    throw invalid('authorize', 'needs authenticate');
  }
  if (options.presence !== undefined && options.authenticate === undefined) {
    throw invalid('presence', 'needs authenticate');
  }
  const below = path.endsWith('/') ? path : `${path}/`;

  const onUpgrade: UpgradeListener = (request, socket, head) => {
    const url = new URL(`http://localhost${request.url?.startsWith('/') ? request.url : '/'}`);
    if (url.pathname === path || url.pathname.startsWith(below)) {
      void handshake({ request, socket, head, url, options, admission });
    } else if (server.listenerCount('upgrade') === 1) {
      // Nobody else will answer it.
      refuse(socket, 404, 'Not Found');
    }
  };
  server.on('upgrade', onUpgrade);
  return { detach: () => server.off('upgrade', onUpgrade) };
}

interface Handshake {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly url: URL;
  readonly options: AttachOptions;
  readonly admission: Admission;
}

const FAILED: Refusal = { status: 500, detail: 'Internal Server Error' };

async function handshake({ request, socket, head, url, options, admission }: Handshake): Promise<void> {
  const no = (refusal: Refusal) => {
    admission.refused();
    refuse(socket, refusal.status, refusal.detail);
    options.onRefused?.(refusal, request);
  };
  if (headerBytes(request) > admission.maxHeaderBytes) return no({ status: 431, detail: 'Headers too large' });
  let address: string;
  try {
    if (!originAllowed(options.origins ?? 'same-host', request))
      return no({ status: 403, detail: 'Origin not allowed' });
    address = options.address?.(request) ?? request.socket.remoteAddress ?? '';
  } catch (error) {
    return no({ ...FAILED, error });
  }
  const full = admission.enter(address);
  if (full !== undefined) return no(full);
  const ignore = () => undefined;
  socket.on('error', ignore);
  let accepted = false;
  try {
    const admitted = await within(admission.timeoutMs, admit(request, url, options, admission));
    if (socket.destroyed) return;
    if (admitted === 'timeout') return no({ status: 503, detail: 'The handshake took too long' });
    if ('status' in admitted) return no(admitted);
    accepted = admission.accept(admitted, socket, head, address, options);
  } catch (error) {
    // A hook's own error: the client learns no more than any client of a failing route does.
    const passes = isComponentError(error) && (error.retry === 'now' || error.retry === 'backoff');
    no(passes ? { status: 503, detail: 'Try again later', error } : { ...FAILED, error });
  } finally {
    socket.off('error', ignore);
    admission.leave(address, accepted);
  }
}
