/** What a hub holds now, and what it has done since it was made. */
export interface HubStats {
  /** Open connections. */
  readonly connections: number;
  /** Channels with at least one connection. */
  readonly channels: number;
  /** Messages published, whether or not anybody listened. */
  readonly published: number;
  /** Messages handed to sockets: one published message counts once for each connection. */
  readonly sent: number;
  /** Messages not handed over because their reader was too slow: it was closed, or left out of its channel for a while. */
  readonly dropped: number;
  /** Messages published again, by their offset; they were left out. */
  readonly repeated: number;
  /** Messages of the past handed to sockets; `sent` counts them too. */
  readonly replayed: number;
  /** Times that a client was told that it was left out of a channel. */
  readonly skips: number;
  /** Messages of the past in memory. */
  readonly historyMessages: number;
  /** Bytes that the past takes in memory. */
  readonly historyBytes: number;
  /** Requests to the store of the history that failed. */
  readonly historyFailures: number;
  /** Messages received from clients. */
  readonly received: number;
  /** Handshakes answered with an error. */
  readonly refused: number;
  /** Connections closed because they read too slowly. */
  readonly tooSlow: number;
  /** Connections ended because they did not answer a heartbeat. */
  readonly unresponsive: number;
}

/** The counters behind {@link HubStats}; plain numbers, as they are written for every delivery. */
export class HubCounters {
  published = 0;
  sent = 0;
  dropped = 0;
  repeated = 0;
  replayed = 0;
  skips = 0;
  historyFailures = 0;
  received = 0;
  refused = 0;
  tooSlow = 0;
  unresponsive = 0;
}
