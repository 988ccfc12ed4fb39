import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { invalid } from '../hub/options.js';
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
   * than `maxChannelsPerConnection` is answered 400.
   */
  readonly channels: (request: IncomingMessage, url: URL) => Channels | Promise<Channels>;
  /** The first message to a new client, before anything that is published. Default: none. */
  readonly welcome?: (channels: readonly string[], request: IncomingMessage) => unknown;
  /** Which web pages may connect; others are answered 403. Default: `same-host`. */
  readonly origins?: OriginPolicy;
}

type Channels = readonly string[] | null;

/** A hub listening to one server's upgrades. */
export interface Attachment {
  /** Stops listening. Connections stay. */
  detach(): void;
}

/** What the handshake needs of a hub. */
export interface Admission {
  /** Takes a place for a handshake; false when the hub is full or closing. */
  enter(): boolean;
  /** Gives the place of a handshake back. */
  leave(): void;
  /** Completes the handshake and puts the client into its channels. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, channels: readonly string[], welcome: unknown): void;
  refused(): void;
  readonly maxChannels: number;
  readonly timeoutMs: number;
}

/** Makes `admission` answer the upgrades of `server` that lie under the path. Throws `OPTIONS_INVALID`. */
export function attach(server: UpgradableServer, options: AttachOptions, admission: Admission): Attachment {
  const path = options.path ?? '/ws';
  if (!path.startsWith('/')) throw invalid('path', 'must begin with /');
  if (typeof options.channels !== 'function') throw invalid('channels', 'must be a function');
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

async function handshake({ request, socket, head, url, options, admission }: Handshake): Promise<void> {
  const no = (status: number, detail: string) => {
    admission.refused();
    refuse(socket, status, detail);
  };
  if (!originAllowed(options.origins ?? 'same-host', request)) return no(403, 'Origin not allowed');
  if (!admission.enter()) return no(503, 'Too many connections');
  const ignore = () => undefined;
  socket.on('error', ignore);
  try {
    const channels = await within(admission.timeoutMs, Promise.resolve(options.channels(request, url)));
    if (socket.destroyed) return;
    if (channels === 'timeout') return no(503, 'The handshake took too long');
    if (channels === null) return no(404, 'Not Found');
    const distinct = [...new Set(channels)];
    if (distinct.length > admission.maxChannels) return no(400, 'Too many channels');
    admission.accept(request, socket, head, distinct, options.welcome?.(distinct, request));
  } catch {
    // The hook's own error: the client learns no more than any client of a failing route does.
    no(500, 'Internal Server Error');
  } finally {
    socket.off('error', ignore);
    admission.leave();
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | 'timeout'> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
