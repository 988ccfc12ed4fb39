import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  type ConnectionState,
  connectRealtime,
  type MessagePosition,
  type RealtimeOptions,
  type Skipped,
  type WebSocketConstructor,
} from '../../src/browser/index.js';
import type { ChannelHistory, Hub, RecordedMessage } from '../../src/index.js';

/** A message as the tests publish it: `n` counts within a channel from 1. */
export interface Numbered {
  readonly n: number;
}

/** The browser's client on the sockets of `ws`, with all that it was given, by channel. */
export function connectFeed(url: string, options: Partial<RealtimeOptions> = {}) {
  const states: ConnectionState[] = [];
  const skipped: Skipped[] = [];
  const received = new Map<string, { message: Numbered; position: MessagePosition }[]>();
  const sockets: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      sockets.push(this);
    }
  }
  const client = connectRealtime({
    url,
    onMessage: (message, position) => {
      if (position.offset === undefined) return;
      const channel = position.channel ?? '';
      const of = received.get(channel) ?? [];
      received.set(channel, of);
      of.push({ message: message as Numbered, position });
    },
    onState: (state) => states.push(state),
    onSkipped: (one) => skipped.push(one),
    WebSocket: Recorded as unknown as WebSocketConstructor,
    backoff: { minMs: 1, maxMs: 5 },
    ...options,
  });
  onTestFinished(() => client.close());
  return {
    client,
    states,
    skipped,
    sockets,
    numbers: (channel: string) => (received.get(channel) ?? []).map(({ message }) => message.n),
    /** Cuts the link without a word, as a network does. */
    cut: () => sockets.at(-1)?.terminate(),
  };
}

/** The whole numbers from 1 on. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** A history in memory that is slow, and may hold messages earlier or later than the hub is given them. */
export class TestHistory implements ChannelHistory {
  reads = 0;
  removedUpTo = 0;
  failing = false;
  private readonly messages = new Map<string, RecordedMessage[]>();
  private readonly name: string;

  constructor(name = 'one') {
    this.name = name;
  }

  append(channel: string, offset: number, message: unknown): void {
    const list = this.messages.get(channel);
    if (list === undefined) this.messages.set(channel, [{ offset, message }]);
    else list.push({ offset, message });
  }

  async epoch(): Promise<string> {
    return this.name;
  }

  async read(channel: string, after: number, limit: number): Promise<readonly RecordedMessage[] | null> {
    this.reads += 1;
    if (this.failing) throw new Error('the database is away');
    await new Promise((resolve) => setImmediate(resolve));
    if (after < this.removedUpTo) return null;
    const list = this.messages.get(channel) ?? [];
    const start = list.findIndex(({ offset }) => Number(offset) > after);
    return start < 0 ? [] : list.slice(start, start + limit);
  }

  async head(channel: string): Promise<number> {
    return this.last(channel);
  }

  last(channel: string): number {
    return Number(this.messages.get(channel)?.at(-1)?.offset ?? 0);
  }
}

/** Publishes `{ n }` to a channel, with a durable history first into that. */
export function publisher(hub: () => Hub, history?: TestHistory) {
  const counts = new Map<string, number>();
  let offset = 0;
  return (channel: string): number => {
    const n = (counts.get(channel) ?? 0) + 1;
    counts.set(channel, n);
    if (history === undefined) hub().publish(channel, { n });
    else {
      // Gaps are allowed.
      offset += 1 + (n % 3);
      history.append(channel, offset, { n });
      hub().publish(channel, { n }, { offset });
    }
    return n;
  };
}
