/** A message as a durable history keeps it. */
export interface RecordedMessage {
  /** A whole number from 1, no larger than `Number.MAX_SAFE_INTEGER`; larger than that of the channel's message before. */
  readonly offset: number | bigint;
  /** An object, or a string that holds the JSON of one. Without its offset: the hub adds that. */
  readonly message: unknown;
}

/**
 * The messages of channels, kept durably, so that clients recover what memory no longer holds and also after a restart.
 *
 * Who publishes to the hub writes the history too, and gives each message the offset that it has there. What the hub relies on:
 *
 * - **Order**: within a channel, messages become visible in the order of their offsets. Once `read` has returned one, no message with
 *   a smaller offset will appear in that channel. Offsets grow, and may leave gaps.
 * - **Together with publishing**: a message may become visible before it is published to the hub or after it, but at the latest while
 *   the hub still has it in memory (`maxAgeMs`, `maxMessages`, `maxBytes`). Writing before publishing always fulfils this.
 * - **Same content**: a message reads the same from here as when it was published.
 * - **Reaching back**: when messages after `after` were removed (retention), `read` says so by `null`. It never leaves them out silently.
 *
 * A method that rejects is counted and told to `onError`; handshakes are answered 503 meanwhile, and clients in replay are closed with
 * 1013, to come back.
 */
export interface ChannelHistory {
  /**
   * Names the offsets: they mean the same for as long as it stays the same. A history that is made anew or restored from a backup has
   * another one. Asked once, when the first client joins.
   */
  epoch(): Promise<string>;
  /**
   * The messages of a channel with an offset greater than `after`, in order, the first `limit` of them; fewer are allowed. Empty: there
   * are none now. `null`: messages after `after` were removed. An unknown channel is an empty one.
   */
  read(channel: string, after: number, limit: number): Promise<readonly RecordedMessage[] | null>;
  /**
   * The offset of the channel's last message, 0 when it has none. Without this, a client that joins a channel of which nothing was
   * published yet in this process is told no offset to start from.
   */
  head?(channel: string): Promise<number | bigint>;
}
