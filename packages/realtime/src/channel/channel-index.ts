import type { Connection } from '../connection/connection.js';
import { Channel } from './channel.js';

/** The channels that somebody is in, by name, and those that have something to send at the end of this tick. */
export class ChannelIndex {
  private readonly byName = new Map<string, Channel>();
  private dirty: Channel[] = [];
  private scheduled: NodeJS.Immediate | undefined;

  get size(): number {
    return this.byName.size;
  }

  /** Puts the connection into each of the channels, making those that are new. */
  join(connection: Connection, names: Iterable<string>): void {
    for (const name of names) {
      let channel = this.byName.get(name);
      if (channel === undefined) {
        channel = new Channel(name);
        this.byName.set(name, channel);
      }
      connection.subscriptions.push(channel.join(connection));
    }
  }

  /** Takes the connection out of all its channels; a channel that nobody is in is forgotten. */
  leaveAll(connection: Connection): void {
    for (const subscription of connection.subscriptions) {
      const { channel } = subscription;
      channel.leave(subscription);
      if (channel.subscriptions.length === 0) this.byName.delete(channel.name);
    }
    connection.subscriptions.length = 0;
  }

  get(name: string): Channel | undefined {
    return this.byName.get(name);
  }

  /** Sends a frame to a channel at the end of this tick. */
  publish(channel: Channel, frame: Buffer): void {
    if (!channel.add(frame)) return;
    this.dirty.push(channel);
    this.scheduled ??= setImmediate(() => this.flush());
  }

  /** Sends what waits now. */
  flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { dirty } = this;
    this.dirty = [];
    for (const channel of dirty) channel.flush();
  }
}
