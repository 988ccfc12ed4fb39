import type { Connection } from '../connection/connection.js';
import type { History } from '../history/history.js';
import type { HubCounters } from '../hub/stats.js';
import { Channel } from './channel.js';
import type { SlowPolicy, Subscription } from './subscription.js';
import { UNNUMBERED } from './tick.js';

/**
 * The channels by name, and those that have something to send at the end of this tick.
 *
 * Without a history a channel is forgotten when its last client leaves. With one it stays for `maxAgeMs`, so that who comes back within
 * that time finds that nothing was missed; less when `maxTotalBytes` is reached.
 */
export class ChannelIndex {
  private readonly byName = new Map<string, Channel>();
  /** Channels that nobody is in, and since when; in that order. */
  private readonly idle = new Map<Channel, number>();
  private readonly history: History | undefined;
  private readonly slow: (channel: string) => SlowPolicy;
  private readonly counters: HubCounters;
  private dirty: Channel[] = [];
  private scheduled: NodeJS.Immediate | undefined;
  /** Of channels that were forgotten, no message up to here is kept. */
  private forgotten = 0;

  constructor(history: History | undefined, slow: (channel: string) => SlowPolicy, counters: HubCounters) {
    this.history = history;
    this.slow = slow;
    this.counters = counters;
  }

  /** Channels that somebody is in. */
  get size(): number {
    return this.byName.size - this.idle.size;
  }

  get(name: string): Channel | undefined {
    return this.byName.get(name);
  }

  /** The offset from which on a channel's messages are in memory; Infinity when that is not known. */
  coversFrom(name: string): number {
    return this.byName.get(name)?.window?.coversFrom ?? this.unknownCoversFrom();
  }

  /** Puts a connection into a channel, apart at first. */
  join(connection: Connection, name: string, position: number): Subscription {
    const channel = this.open(name);
    this.idle.delete(channel);
    const subscription = channel.join(connection, position);
    connection.subscriptions.push(subscription);
    return subscription;
  }

  /** Takes the connection out of all its channels. */
  leaveAll(connection: Connection): void {
    for (const subscription of connection.subscriptions) {
      const { channel } = subscription;
      channel.leave(subscription);
      if (channel.members > 0) continue;
      if (channel.window === undefined) this.byName.delete(channel.name);
      else this.idle.set(channel, performance.now());
    }
    connection.subscriptions.length = 0;
    // Channels count too: who comes and goes under ever new names must not fill the memory.
    if (this.history?.memory.isOverfull) this.shrink(this.history);
  }

  /** Sends a frame without an offset to a channel at the end of this tick. */
  publish(name: string, frame: () => Buffer): void {
    const channel = this.byName.get(name);
    if (channel?.isHeard) this.enqueue(channel, frame(), UNNUMBERED);
  }

  /** Keeps a frame and sends it at the end of this tick; one that the channel had before is left out. */
  publishNumbered(history: History, name: string, frame: Buffer, offset: number): void {
    const channel = this.open(name);
    if (offset <= channel.head) {
      this.counters.repeated += 1;
      return;
    }
    channel.head = offset;
    if (channel.window !== undefined) history.memory.add(channel.window, frame, offset);
    if (channel.isHeard) this.enqueue(channel, frame, offset);
    if (history.memory.isOverfull) this.shrink(history);
  }

  /** Sends what waits now. */
  flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { dirty } = this;
    this.dirty = [];
    for (const channel of dirty) channel.flush();
  }

  /** Forgets what is older than the history keeps. */
  expire(history: History): void {
    const before = performance.now() - history.limits.maxAgeMs;
    history.memory.expire(before);
    for (const [channel, since] of this.idle) {
      if (since >= before) break;
      if (channel.window?.oldest === undefined) this.forget(history, channel);
      else {
        // It was published to since; its messages expire first.
        this.idle.delete(channel);
        this.idle.set(channel, channel.window.oldest.at);
      }
    }
  }

  private open(name: string): Channel {
    let channel = this.byName.get(name);
    if (channel === undefined) {
      const window = this.history?.memory.open(name, this.unknownCoversFrom());
      channel = new Channel(name, this.slow(name), window);
      this.byName.set(name, channel);
      if (window !== undefined) this.idle.set(channel, performance.now());
    }
    return channel;
  }

  /** By its own numbers the hub knows all messages there ever were; by a publisher's, only those that it was given. */
  private unknownCoversFrom(): number {
    return this.history?.numbersItself ? this.forgotten : Number.POSITIVE_INFINITY;
  }

  private enqueue(channel: Channel, frame: Buffer, offset: number): void {
    if (!channel.add(frame, offset)) return;
    this.dirty.push(channel);
    this.scheduled ??= setImmediate(() => this.flush());
  }

  /** The oldest messages go first, with their channels when nobody is in them; then channels that have none. */
  private shrink(history: History): void {
    while (history.memory.isOverfull) {
      const window = history.memory.shift();
      if (window === undefined) break;
      const channel = this.byName.get(window.channel);
      if (channel !== undefined && window.oldest === undefined && this.idle.has(channel)) this.forget(history, channel);
    }
    for (const channel of this.idle.keys()) {
      if (!history.memory.isOverfull) break;
      this.forget(history, channel);
    }
  }

  private forget(history: History, channel: Channel): void {
    this.byName.delete(channel.name);
    this.idle.delete(channel);
    if (channel.window === undefined) return;
    history.memory.close(channel.window);
    this.forgotten = Math.max(this.forgotten, channel.window.coversFrom);
  }
}
