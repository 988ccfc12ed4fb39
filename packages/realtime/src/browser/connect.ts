import { type BackoffOptions, backoffMs } from './backoff.js';
import { openLink } from './link.js';
import type { ConnectionState } from './state.js';
import { onWake } from './wake.js';
import { platformWebSocket, type WebSocketConstructor } from './web-socket.js';

/** Options of {@link connectRealtime}. */
export interface RealtimeOptions {
  /** `ws:` or `wss:`; a function is asked again for each try (a fresh token, say). */
  readonly url: string | (() => string | Promise<string>);
  /** Each message, parsed; a text that is not JSON is given as it is. Answers to heartbeats are left out. */
  readonly onMessage: (message: unknown) => void;
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

/**
 * Connects to a hub and stays connected: after a loss it tries again with growing, random pauses, and at once when the network comes
 * back or the page becomes visible. A link that is dead without anybody having said so is noticed and replaced.
 *
 * What was published while the link was down is not repeated: when the state becomes `open` with `reconnected`, load again.
 */
export function connectRealtime(options: RealtimeOptions): RealtimeClient {
  const { WebSocket = platformWebSocket(), connectTimeoutMs = 10_000, stableMs = 3_000 } = options;
  const heartbeat = { intervalMs: 25_000, timeoutMs: 5_000, ...options.heartbeat };
  let state: ConnectionState = { status: 'connecting', attempt: 1 };
  let failures = 0;
  let wasOpen = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let link: { check(): void; close(): void } | undefined;

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
    try {
      url = typeof options.url === 'string' ? options.url : await options.url();
    } catch {
      // The address could not be made (a token endpoint that is down): like any try that failed.
      if (state === attempt) lost(ABNORMAL);
      return;
    }
    if (state !== attempt) return;
    link = openLink({
      url,
      WebSocket,
      heartbeat,
      connectTimeoutMs,
      onOpen: () => {
        timer = setTimeout(() => {
          failures = 0;
        }, stableMs);
        const reconnected = wasOpen;
        wasOpen = true;
        enter({ status: 'open', reconnected });
      },
      onMessage: options.onMessage,
      onLost: lost,
    });
  };

  const lost = (code: number) => {
    clearTimeout(timer);
    link = undefined;
    if (code === POLICY_VIOLATION) return end(code);
    failures += 1;
    const pause = backoffMs(failures, options.backoff);
    timer = setTimeout(() => void connect(), pause);
    enter({ status: 'waiting', retryAt: Date.now() + pause, attempt: failures, code });
  };

  const end = (code: number) => {
    clearTimeout(timer);
    stopWaking();
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
