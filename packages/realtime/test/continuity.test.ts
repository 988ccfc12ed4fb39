import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type ChannelHistory, type HistoryOptions, type Hub, realtimeHub } from '../src/index.js';
import { connectFeed, publisher, TestHistory, upTo } from './support/feed.js';
import { Client, startHub, until } from './support/rig.js';

type Step = 'publish' | 'other' | 'burst' | 'cut' | 'tick' | 'wait';

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Step>('publish') },
    { weight: 2, arbitrary: fc.constant<Step>('other') },
    { weight: 1, arbitrary: fc.constant<Step>('burst') },
    { weight: 2, arbitrary: fc.constant<Step>('cut') },
    { weight: 4, arbitrary: fc.constant<Step>('tick') },
    { weight: 2, arbitrary: fc.constant<Step>('wait') },
  ),
  { minLength: 20, maxLength: 150 },
);

/**
 * Publishes and cuts the link as the steps say; afterwards the client has each message of each of its channels once, in order.
 * A few steps wait until the client is back, so that it is also cut while it is live.
 */
async function keepsAll(
  url: string,
  channels: readonly string[],
  publish: (channel: string) => number,
  todo: readonly Step[],
) {
  const query = channels.map((channel) => `channel=${channel}&offset=0`).join('&');
  const { client, numbers, cut } = connectFeed(`${url}?${query}`, { stableMs: 1 });
  const published = new Map(channels.map((channel) => [channel, 0]));
  const send = (channel: string) => published.set(channel, publish(channel));
  for (const step of todo) {
    if (step === 'publish') send(channels[0] as string);
    else if (step === 'other') send(channels.at(-1) as string);
    else if (step === 'burst') for (let n = 0; n < 50; n++) send(channels[n % channels.length] as string);
    else if (step === 'cut') cut();
    else if (step === 'tick') await new Promise((resolve) => setImmediate(resolve));
    else await until(() => client.state.status === 'open');
  }
  await until(() => channels.every((channel) => numbers(channel).length >= (published.get(channel) ?? 0)));
  for (const channel of channels) expect(numbers(channel)).toEqual(upTo(published.get(channel) ?? 0));
  client.close();
}

const setups: [string, Partial<HistoryOptions>, boolean, number?][] = [
  ['memory', {}, false],
  ['memory, in small pages, with a cap that is often reached', {}, false, 400],
  ['a store behind ample memory', {}, true],
  ['a store behind little memory, in small pages', { maxMessages: 3, pageSize: 2, maxReads: 2 }, true],
];

let unique = 0;

test.each(setups)(
  'a client that is cut off at random loses nothing and gets nothing twice, by %s',
  async (_, limits, durable, maxBufferedBytes = 1_048_576) => {
    const history = durable ? new TestHistory() : undefined;
    const { hub, url } = await startHub({
      history: { ...limits, ...(history && { store: history }) },
      limits: { maxBufferedBytes },
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (todo, several) => {
        unique += 1;
        const channels = several ? [`a${unique}`, `b${unique}`] : [`a${unique}`];
        await keepsAll(
          url,
          channels,
          publisher(() => hub, history),
          todo,
        );
      }),
      { numRuns: 25, endOnFailure: true },
    );
  },
  120_000,
);

test('many clients at once, some slow, under a steady stream, all have all', async () => {
  const history = new TestHistory();
  const { hub, url } = await startHub({ history: { store: history, maxMessages: 20, pageSize: 7 } });
  const publish = publisher(() => hub, history);
  const feeds = Array.from({ length: 20 }, () => connectFeed(`${url}?channel=x&offset=0`, { stableMs: 1 }));
  for (let round = 0; round < 150; round++) {
    publish('x');
    publish('x');
    const feed = feeds[(round * 7) % feeds.length];
    if (round % 2 === 0) feed?.cut();
    const last = feed?.sockets.at(-1);
    if (round % 5 === 0 && last?.readyState === last?.OPEN) last?.pause();
    if (round % 5 === 3)
      for (const one of feeds) for (const socket of one.sockets) if (socket.isPaused) socket.resume();
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const one of feeds) for (const socket of one.sockets) if (socket.isPaused) socket.resume();
  await until(() => feeds.every(({ numbers }) => numbers('x').length >= 300));
  for (const { numbers } of feeds) expect(numbers('x')).toEqual(upTo(300));
}, 60_000);

test('what is stored long before or after it is published comes once', async () => {
  const history = new TestHistory();
  const { hub, url } = await startHub({ history: { store: history, pageSize: 2 } });
  const publish = (offset: number) => hub.publish('x', { n: offset }, { offset });
  const store = (offset: number) => history.append('x', offset, { n: offset });
  // 1 to 3 in both, 4 and 5 published and not stored yet, 6 and 7 stored and not published yet.
  for (const n of upTo(3)) {
    store(n);
    publish(n);
  }
  publish(4);
  publish(5);
  const early = connectFeed(`${url}?channel=x&offset=0`);
  await until(() => early.numbers('x').length === 5);
  for (const n of [4, 5, 6, 7]) store(n);
  const late = connectFeed(`${url}?channel=x&offset=0`);
  early.cut();
  await until(() => early.client.state.status === 'open' && late.numbers('x').length >= 5);
  for (const n of [6, 7, 8]) publish(n);
  await until(() => early.numbers('x').length >= 8 && late.numbers('x').length >= 8);
  expect(early.numbers('x')).toEqual(upTo(8));
  expect(late.numbers('x')).toEqual(upTo(8));
});

test('a server that starts anew goes on by its store, and with memory alone says that it cannot', async () => {
  const history = new TestHistory();
  for (const [options, recovered] of [
    [{ store: history }, true],
    [{}, false],
  ] as const) {
    const first = await startHub({ history: options });
    let hub: Hub = first.hub;
    const publish = publisher(() => hub, recovered ? history : undefined);
    const channel = recovered ? 'stored' : 'x';
    for (let n = 0; n < 10; n++) publish(channel);
    const { client, numbers, states } = connectFeed(`${first.url}?channel=${channel}&offset=0`);
    await until(() => numbers(channel).length === 10);
    await first.stop();
    const second = realtimeHub({ history: options });
    const server = createServer();
    second.attach(server, { channels: (_, url) => url.searchParams.getAll('channel') });
    onTestFinished(async () => {
      await second.close({ deadlineMs: 100 });
      server.close();
    });
    hub = second;
    for (let n = 0; n < 5; n++) publish(channel);
    await new Promise<void>((resolve) => server.listen(first.port, '127.0.0.1', resolve));
    expect((server.address() as AddressInfo).port).toBe(first.port);
    await until(() => client.state.status === 'open' && client.state.reconnected);
    expect(states.at(-1)).toEqual({ status: 'open', reconnected: true, recovered });
    publish(channel);
    await until(() => numbers(channel).at(-1) === 16);
    expect(numbers(channel)).toEqual(recovered ? upTo(16) : [...upTo(10), 16]);
    client.close();
  }
});

test('what memory lets go while the store is asked is asked for again', async () => {
  const stored = new TestHistory();
  for (const n of upTo(3)) stored.append('x', n, { n });
  const { hub, url } = await startHub({
    history: {
      maxMessages: 1,
      store: {
        epoch: () => stored.epoch(),
        async read(channel, after, limit) {
          const page = await stored.read(channel, after, limit);
          // The store has answered that there is no more; before the answer arrives there is, and memory holds the last of it.
          if (after === 3 && page?.length === 0) {
            for (const n of [4, 5, 6]) {
              stored.append('x', n, { n });
              hub.publish('x', { n }, { offset: n });
            }
          }
          return page;
        },
      },
    },
  });
  const { numbers } = connectFeed(`${url}?channel=x&offset=0`);
  await until(() => numbers('x').at(-1) === 6);
  expect(numbers('x')).toEqual(upTo(6));
});

test('what memory lets go between asking the store and joining is read from the store', async () => {
  const stored = new TestHistory();
  const both = (n: number) => {
    stored.append('b', n, { n });
    hub.publish('b', { n }, { offset: n });
  };
  const store: ChannelHistory = {
    epoch: () => stored.epoch(),
    async read(channel, after, limit) {
      // Another channel's request takes its time, after it was found that memory covers this one.
      if (channel === 'a') {
        await new Promise((resolve) => setImmediate(resolve));
        for (const n of [2, 3, 4]) if (stored.last('b') < n) both(n);
      }
      return stored.read(channel, after, limit);
    },
  };
  const { hub, url } = await startHub({ history: { maxMessages: 1, store } });
  both(1);
  const client = await Client.open(`${url}?channel=a&offset=0&channel=b&offset=1`);
  await until(() => client.received.length === 4);
  expect(client.received.slice(1).map((text) => JSON.parse(text).n)).toEqual([2, 3, 4]);
  expect(JSON.parse(client.received[0] as string).channels).toMatchObject([{ recovered: true }, { recovered: true }]);
});
