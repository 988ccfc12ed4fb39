import { Buffer } from 'node:buffer';
import type { Connection } from '../connection/connection.js';

/** That one connection is in one channel. Knows its own place in the channel, so that leaving costs the same at any size. */
export interface Subscription {
  readonly channel: Channel;
  readonly connection: Connection;
  index: number;
}

/**
 * Who gets what: an array of subscriptions, and the frames of this tick that wait to be sent to them.
 *
 * One write for each delivery is nearly the whole cost of fan-out, so all the frames that are published to a channel within one
 * tick become one buffer, and each connection gets that buffer in one write.
 */
export class Channel {
  readonly name: string;
  readonly subscriptions: Subscription[] = [];
  private pending: Buffer[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Puts a connection at the end. What was published before it came is sent to those who were there. */
  join(connection: Connection): Subscription {
    this.flush();
    const subscription = { channel: this, connection, index: this.subscriptions.length };
    this.subscriptions.push(subscription);
    return subscription;
  }

  /** Fills the gap with the last subscription. */
  leave(subscription: Subscription): void {
    const last = this.subscriptions.pop();
    if (last === undefined || last === subscription) return;
    last.index = subscription.index;
    this.subscriptions[last.index] = last;
  }

  /** Keeps a frame for the end of the tick. Returns true for the first one: then a flush is due. */
  add(frame: Buffer): boolean {
    return this.pending.push(frame) === 1;
  }

  /** Writes the frames that wait to every connection; all of them share one buffer. */
  flush(): void {
    const messages = this.pending.length;
    if (messages === 0) return;
    const frames = this.pending;
    this.pending = [];
    const bytes = messages === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
    const { subscriptions } = this;
    for (let i = 0; i < subscriptions.length; i++) (subscriptions[i] as Subscription).connection.write(bytes, messages);
  }
}
