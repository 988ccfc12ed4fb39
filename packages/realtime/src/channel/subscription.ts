import type { Connection } from '../connection/connection.js';
import type { Channel } from './channel.js';

/**
 * That one connection is in one channel.
 *
 * - `apart`: it gets nothing of what is published now: it is replaying the past, or was skipped
 * - `joining`: from the next tick on it is live; of this tick it may get a part
 * - `live`: it gets what all others get
 * - `gone`: it has left
 */
export interface Subscription {
  readonly channel: Channel;
  readonly connection: Connection;
  state: 'apart' | 'joining' | 'live' | 'gone';
  /** Its place among the live ones, so that leaving costs the same at any size. */
  index: number;
  /** While not live: it has everything up to this offset, or was told that it begins here. −1: nothing was said. */
  position: number;
  /** While joining: the first of the frames that wait which is meant for it. */
  place: number;
}

/** What to do about a reader that is too slow for a channel; see `slow` of the hub's options. */
export type SlowPolicy = 'close' | 'skip';
