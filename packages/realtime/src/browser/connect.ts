import { type BackoffOptions, backoffMs } from './backoff.js';
import { type Link, openLink } from './link.js';
import { type KnownPosition, type MessagePosition, Positions, type Skipped } from './positions.js';
import { type Present, Rosters } from './presence.js';
import type { ConnectionState } from './state.js';
import { isRefreshed, TokenRenewal, type TokenSource } from './token.js';
import { onWake } from './wake.js';
import { platformWebSocket, type WebSocketConstructor } from './web-socket.js';

/** Options of {@link connectRealtime}. */
export interface RealtimeOptions {
  /**
   * `ws:` or `wss:`; a function is asked again for each try (a fresh token, say), and given where this client is. After a loss `offset` and
   * `epoch` of each channel are put into its query, in place of those that it has.
   */
  readonly url: string | ((positions: readonly KnownPosition[]) => string | Promise<string>);
  /**
   * Gives a token for the server, which gets it by the subprotocol `bearer`, so that it is in no address. Asked again for each try, and
   * before a token ends (by its own `exp`), to refresh it over the open connection. Default: no token is sent.
   */
  readonly token?: TokenSource;
  /**
   * Each message, parsed; a text that is not JSON is given as it is. Answers to heartbeats and messages that came before are left out.
   * A message with an offset counts as had once it was given here.
   */
  readonly onMessage: (message: unknown, position: MessagePosition) => void;
  /** The server left something out because this client read too slowly (`slow: 'skip'`): load again what it concerns. */
  readonly onSkipped?: (skipped: Skipped) => void;
  /** Who is in a channel, each time that changes, where the server tells it; its messages are then kept from `onMessage`. */
  readonly onPresence?: (present: Present) => void;
  /** Each change of the state, the first one included. */
  readonly onState?: (state: ConnectionState) => void;
  readonly backoff?: BackoffOptions;
  readonly heartbeat?: {
    /** A ping is sent after so long without a message, in milliseconds. Default: 25,000. */
    readonly intervalMs?: number;
    /** The link counts as dead when a ping gets no answer for so long, in milliseconds. Default: 5,000. */
    readonly timeoutMs?: number;
  };
  /** A try that is not open after so long has failed, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** A link counts as good, and the pauses start small again, once it was open for so long, in milliseconds. Default: 3,000. */
  readonly stableMs?: number;
  /** Default: the platform's. */
  readonly WebSocket?: WebSocketConstructor;
}

/** A connection that keeps itself up. */
export interface RealtimeClient {
  readonly state: ConnectionState;
  /** Tries now in place of waiting; asks a link that is open for a sign of life. */
  wake(): void;
  /** Ends it for good. */
  close(): void;
}

/** The server refuses this client itself (RFC 6455, section 7.4.1): trying again changes nothing. */
const POLICY_VIOLATION = 1008;
const ABNORMAL = 1006;
/** The token of this link has ended: a new one is to be had, and the next try may be made at once. */
const TOKEN_EXPIRED = 4401;

/**
 * Connects to a hub and stays connected: after a loss it tries again with growing, random pauses, and at once when the network comes
 * back or the page becomes visible. A link that is dead without anybody having said so is noticed and replaced.
 *
 * From a hub with a history it gets what was published while the link was down, each message once. When the state becomes `open` with
 * `reconnected` and not `recovered`, the hub had no history or not enough of it: load again.
 */
export function connectRealtime(options: RealtimeOptions): RealtimeClient {
  const { WebSocket = platformWebSocket(), connectTimeoutMs = 10_000, stableMs = 3_000 } = options;
  const heartbeat = { intervalMs: 25_000, timeoutMs: 5_000, ...options.heartbeat };
  let state: ConnectionState = { status: 'connecting', attempt: 1 };
  let failures = 0;
  let wasOpen = false;
  const positions = new Positions();
  const rosters = new Rosters();
  let renewal: TokenRenewal | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let welcomeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the first message of this link was received. */
  let begun = false;
  let link: Link | undefined;

  const enter = (next: ConnectionState) => {
    state = next;
    options.onState?.(next);
  };
  const ended = () => state.status === 'closed';

  const connect = async () => {
    clearTimeout(timer);
    enter({ status: 'connecting', attempt: failures + 1 });
    const attempt = state;
    let url: string;
    let token: string | undefined;
    try {
      url = typeof options.url === 'string' ? options.url : await options.url(positions.list());
      token = await options.token?.();
    } catch {
      // The address or the token could not be made (a token endpoint that is down): like any try that failed.
      if (state === attempt) lost(ABNORMAL);
      return;
    }
    if (state !== attempt) return;
    link = openLink({
      url: positions.addTo(url),
      protocols: token === undefined ? [] : ['bearer', token],
      WebSocket,
      heartbeat,
      connectTimeoutMs,
      onOpen: () => {
        if (options.token !== undefined && token !== undefined) {
          renewal = new TokenRenewal(options.token, (message) => link?.send(message));
          renewal.hold(token);
        }
        timer = setTimeout(() => {
          failures = 0;
        }, stableMs);
        if (positions.list().length === 0) open(false);
        else welcomeTimer = setTimeout(() => open(false), connectTimeoutMs);
        begun = false;
      },
      onMessage: receive,
      onLost: lost,
    });
  };

  const open = (recovered: boolean) => {
    clearTimeout(welcomeTimer);
    const reconnected = wasOpen;
    wasOpen = true;
    enter({ status: 'open', reconnected, recovered });
  };

  /** The first message of a link says whether it goes on where the one before ended, so the state waits for it. */
  const receive = (message: unknown) => {
    if (!begun) {
      begun = true;
      const recovered = positions.begin(message);
      if (state.status !== 'open') open(recovered);
      if (ended()) return;
    }
    if (renewal !== undefined && isRefreshed(message)) return;
    const present = options.onPresence && rosters.take(message);
    if (present !== undefined) return options.onPresence?.(present);
    const skipped = positions.skipped(message);
    if (skipped !== undefined) return options.onSkipped?.(skipped);
    const position = positions.take(message);
    if (position !== 'had') options.onMessage(message, position);
  };

  const lost = (code: number) => {
    clearTimeout(timer);
    clearTimeout(welcomeTimer);
    renewal?.stop();
    link = undefined;
    if (code === POLICY_VIOLATION) return end(code);
    failures += 1;
    const pause = code === TOKEN_EXPIRED && failures === 1 ? 0 : backoffMs(failures, options.backoff);
    timer = setTimeout(() => void connect(), pause);
    enter({ status: 'waiting', retryAt: Date.now() + pause, attempt: failures, code });
  };

  const end = (code: number) => {
    clearTimeout(timer);
    clearTimeout(welcomeTimer);
    stopWaking();
    renewal?.stop();
    link?.close();
    link = undefined;
    enter({ status: 'closed', code });
  };

  const wake = () => {
    if (state.status === 'waiting') void connect();
    else link?.check();
  };

  const stopWaking = onWake(wake);
  void connect();
  return {
    get state() {
      return state;
    },
    wake,
    close: () => {
      if (!ended()) end(1000);
    },
  };
}
