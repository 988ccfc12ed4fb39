import type { ChannelIndex } from '../channel/channel-index.js';
import type { Connection } from '../connection/connection.js';
import { encodeMessage } from '../frame/encode-message.js';
import { frameWith } from '../frame/numbered-frame.js';
import type { History } from '../history/history.js';
import { type Join, type JoinPlan, planJoins, settleJoin } from './plan.js';
import type { ChannelPosition, JoinedChannel } from './position.js';
import { replay } from './replay.js';

/** Brings clients into their channels: where each of them was, what it is told, and what it is sent before it is live. */
export class Recovery {
  private readonly index: ChannelIndex;
  private readonly history: History | undefined;
  private readonly timeoutMs: number;

  /** `timeoutMs`: how long a handshake may take. */
  constructor(index: ChannelIndex, history: History | undefined, timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.index = index;
    this.history = history;
  }

  /** Before a client is let in: asks the store what there is to ask. Throws `REALTIME_HISTORY_FAILED`. */
  plan(requests: ReadonlyMap<string, ChannelPosition | undefined>): Promise<readonly JoinPlan[]> {
    return planJoins(requests, this.index, this.history, this.timeoutMs);
  }

  /** What it will be told and sent, as things stand now; `enter` must follow in the same turn. */
  settle(plans: readonly JoinPlan[]): { readonly joined: readonly JoinedChannel[]; readonly joins: readonly Join[] } {
    const settled = plans.map((plan) => settleJoin(plan, this.index, this.history));
    return { joined: settled.map(({ joined }) => joined), joins: settled.map(({ join }) => join) };
  }

  /** The first frame for a client. With a history it always has one, and what became of its channels is in it. */
  welcome(message: unknown, joined: readonly JoinedChannel[]): Buffer | undefined {
    if (this.history === undefined) return message === undefined ? undefined : encodeMessage(message);
    return frameWith(message ?? { type: 'connection.established' }, `"channels":${JSON.stringify(joined)}`);
  }

  /** Puts a client into its channels, and sends what it missed. */
  enter(connection: Connection, joins: readonly Join[]): void {
    connection.tagged = joins.length > 1;
    const behind = [];
    for (const { channel, offset, replay } of joins) {
      const subscription = this.index.join(connection, channel, offset);
      // The welcome may have published something, which comes after what the client was told.
      if (replay || (offset >= 0 && subscription.channel.head > offset)) behind.push(subscription);
      else subscription.channel.goLive(subscription);
    }
    if (behind.length > 0) void replay(behind, this.history?.store);
  }
}
