import { textFrame } from '../frame/text-frame.js';
import type { Subscription } from './subscription.js';

/**
 * Leaves a slow reader out of what is published to one channel, until it has read what waits for it; then it is told what it missed,
 * and goes on live.
 *
 * `from`: the offset up to which it has everything. `messages`: how many the channel had sent when it last got one.
 */
export function leaveOut(subscription: Subscription, from: number, messages: number): void {
  const { channel, connection } = subscription;
  channel.setApart(subscription);
  subscription.position = from;
  void connection.drained().then(() => {
    if (subscription.state !== 'apart' || !connection.isOpen) return;
    connection.counters.dropped += channel.messages - messages;
    tellSkipped(subscription, channel.sent);
    channel.goLive(subscription, true);
  });
}

/** Tells a client that what lies after its position, up to an offset, will not come. */
export function tellSkipped(subscription: Subscription, to: number): void {
  const { channel, connection, position } = subscription;
  const range = to < 0 ? undefined : { from: Math.max(0, position), to };
  connection.write(textFrame(JSON.stringify({ type: 'channel.skipped', channel: channel.name, ...range })), 0);
  connection.counters.skips += 1;
  subscription.position = to;
}
