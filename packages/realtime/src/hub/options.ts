import { ComponentError } from '@sluice/contracts';
import type { SlowPolicy } from '../channel/subscription.js';
import type { ResolvedHistory } from '../history/history.js';
import { HISTORY_LIMITS, type HistoryOptions } from '../history/options.js';
import { PRESENCE_DEFAULTS, type PresenceLimits, type ResolvedPresenceLimits } from '../presence/limits.js';

/** What one hub, and one client of it, may take. Every limit is finite. */
export interface HubLimits {
  /** Open connections and handshakes together; a further one is answered 503. Default: 10,000. */
  readonly maxConnections?: number;
  /** Connections and handshakes of one address; a further one is answered 429. Default: 1,000. See `address` of `attach`. */
  readonly maxConnectionsPerAddress?: number;
  /** Connections of one subject; a further one is answered 429. Default: 100. */
  readonly maxConnectionsPerIdentity?: number;
  /** Channels that one connection may be in; a handshake that asks for more is answered 400. Default: 100. */
  readonly maxChannelsPerConnection?: number;
  /** The longest message accepted from a client, in bytes; a longer one closes with 1009. Default: 65,536. */
  readonly maxMessageBytes?: number;
  /** Messages accepted from one client in a second; one more closes with 4029. Default: 50. */
  readonly maxMessagesPerSecond?: number;
  /** Frames accepted from one client in a second, parts of messages and control frames included; one more closes with 4029. Default: 500. */
  readonly maxFramesPerSecond?: number;
  /** Bytes accepted from one client in a second, those of frame headers included; more closes with 4029. Default: 1,048,576. */
  readonly maxBytesPerSecond?: number;
  /** Parts that one message may come in; more closes with 1008. Default: 64. */
  readonly maxFragmentsPerMessage?: number;
  /** Bytes of the request line and the headers of a handshake; more is answered 431. Default: 16,384, which is Node's own limit. */
  readonly maxHeaderBytes?: number;
  /** Bytes that may wait for a client that does not read; above it closes with 4008. Default: 1,048,576. */
  readonly maxBufferedBytes?: number;
  /** How long the hooks of a handshake may take together, in milliseconds; after that it is answered 503. Default: 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** How long a client may take to answer our close before its socket is destroyed, in milliseconds. Default: 5,000. */
  readonly closeTimeoutMs?: number;
}

/** Options of {@link realtimeHub}. */
export interface HubOptions {
  /**
   * Keeps messages, so that a client that comes back gets what it missed: each has an offset, and must be an object (or a string that
   * holds the JSON of one). `{}` takes the defaults. Default: no history; messages are sent as they are.
   */
  readonly history?: HistoryOptions;
  /**
   * What happens to a client that does not read, for all channels or for each.
   *
   * - `close`: above `maxBufferedBytes` it is closed with 4008
   * - `skip`: above half of `maxBufferedBytes` it is left out of the channel until it has read what waits; then it gets
   *   `{"type":"channel.skipped","channel","from","to"}` (offsets, with a history: what came after `from`, up to `to`, is missing)
   *
   * Default: `close`.
   */
  readonly slow?: SlowPolicy | ((channel: string) => SlowPolicy);
  readonly limits?: HubLimits;
  readonly presence?: PresenceLimits;
  readonly heartbeat?: {
    /** How often every client is pinged, in milliseconds. Default: 30,000. */
    readonly intervalMs?: number;
    /** How long a client may take to answer a ping, in milliseconds; less than the interval. Default: 10,000. */
    readonly timeoutMs?: number;
  };
}

/** {@link HubOptions} with every default filled in. */
export interface ResolvedHubOptions {
  readonly history: ResolvedHistory | undefined;
  readonly slow: (channel: string) => SlowPolicy;
  readonly limits: Required<HubLimits>;
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly presence: ResolvedPresenceLimits;
}

const LIMITS: Required<HubLimits> = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 1_000,
  maxConnectionsPerIdentity: 100,
  maxChannelsPerConnection: 100,
  maxMessageBytes: 65_536,
  maxMessagesPerSecond: 50,
  maxFramesPerSecond: 500,
  maxBytesPerSecond: 1_048_576,
  maxFragmentsPerMessage: 64,
  maxHeaderBytes: 16_384,
  maxBufferedBytes: 1_048_576,
  handshakeTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
};

const HEARTBEAT = { intervalMs: 30_000, timeoutMs: 10_000 };
const MAX_TIMER_MS = 2_147_483_647;

/** Fills in the defaults. Throws `OPTIONS_INVALID`, naming the option. */
export function resolveHubOptions(options: HubOptions): ResolvedHubOptions {
  const limits = positive('limits', LIMITS, options.limits);
  const heartbeat = positive('heartbeat', HEARTBEAT, options.heartbeat);
  if (heartbeat.timeoutMs >= heartbeat.intervalMs) {
    throw invalid('heartbeat.timeoutMs', 'must be less than heartbeat.intervalMs');
  }
  const presence = positive('presence', PRESENCE_DEFAULTS, options.presence);
  return { limits, heartbeat, presence, history: resolveHistory(options.history), slow: resolveSlow(options.slow) };
}

function resolveSlow(slow: HubOptions['slow'] = 'close'): (channel: string) => SlowPolicy {
  if (typeof slow === 'function') return slow;
  if (slow !== 'close' && slow !== 'skip') throw invalid('slow', "must be 'close', 'skip' or a function");
  return () => slow;
}

function resolveHistory(history: HistoryOptions | undefined): ResolvedHistory | undefined {
  if (history === undefined) return undefined;
  const { store, epoch, onError, ...limits } = history;
  if (epoch !== undefined && store !== undefined) throw invalid('history.epoch', "is the store's when there is one");
  if (epoch === '') throw invalid('history.epoch', 'must not be empty');
  if (store !== undefined && (typeof store.epoch !== 'function' || typeof store.read !== 'function')) {
    throw invalid('history.store', 'must have the methods epoch and read');
  }
  return {
    limits: positive('history', HISTORY_LIMITS, limits),
    ...(store === undefined ? {} : { store }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(onError === undefined ? {} : { onError }),
  };
}

function positive<T extends object>(group: string, defaults: T, given: Partial<T> = {}): T {
  const resolved = { ...defaults };
  for (const name of Object.keys(given) as (keyof T & string)[]) {
    if (!(name in defaults)) throw invalid(`${group}.${name}`, 'is not an option');
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > MAX_TIMER_MS) {
      throw invalid(`${group}.${name}`, `must be a whole number from 1 to ${MAX_TIMER_MS}`);
    }
    resolved[name] = value as T[typeof name];
  }
  return resolved;
}

/** The error for one bad option. */
export function invalid(option: string, problem: string): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `${option} ${problem}`, { details: { option } });
}
