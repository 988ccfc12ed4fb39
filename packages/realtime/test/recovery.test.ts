import { expect, test } from 'vitest';
import { connectFeed, publisher, TestHistory, upTo } from './support/feed.js';
import { Client, startHub, until } from './support/rig.js';

interface Welcome {
  readonly type: string;
  readonly channels: readonly { channel: string; epoch: string; offset?: number; recovered: boolean }[];
}

async function welcomeOf(client: Client): Promise<Welcome['channels'][number]> {
  const [first] = (await client.messages(1)) as [Welcome];
  return first.channels[0] as Welcome['channels'][number];
}

test('messages carry their offset, and the channel for clients that are in several', async () => {
  const { hub, url } = await startHub({ history: {} });
  const one = await Client.open(`${url}?channel=x`);
  const both = await Client.open(`${url}?channel=x&channel=y`);
  hub.publish(['x', 'y'], { n: 1 });
  hub.publish('x', '{"n":2}');
  hub.publish('x', {});
  hub.publish('x', 'typing', { volatile: true });
  await until(() => one.received.length === 5 && both.received.length === 6);
  expect(one.received.slice(1)).toEqual(['{"n":1,"offset":1}', '{"n":2,"offset":2}', '{"offset":3}', 'typing']);
  expect(both.received.slice(1)).toEqual([
    '{"n":1,"offset":1,"channel":"x"}',
    '{"n":2,"offset":2,"channel":"x"}',
    '{"offset":3,"channel":"x"}',
    'typing',
    '{"n":1,"offset":1,"channel":"y"}',
  ]);
});

test('the welcome says where a client begins; one who comes back gets what came after that, then what comes live', async () => {
  const { hub, url } = await startHub({ history: {} }, { welcome: () => ({ type: 'hello' }) });
  hub.publish('x', { n: 0 });
  const first = await Client.open(`${url}?channel=x`);
  const begin = await welcomeOf(first);
  expect(first.received).toEqual([JSON.stringify({ type: 'hello', channels: [begin] })]);
  expect(begin).toEqual({ channel: 'x', epoch: expect.any(String), offset: 1, recovered: false });
  first.ws.terminate();
  for (let n = 1; n <= 3; n++) hub.publish('x', { n });
  const second = await Client.open(`${url}?channel=x&offset=${begin.offset}&epoch=${begin.epoch}`);
  expect(await welcomeOf(second)).toEqual({ ...begin, recovered: true });
  hub.publish('x', { n: 4 });
  await until(() => second.received.length === 5);
  expect(second.received.slice(1).map((text) => JSON.parse(text).n)).toEqual([1, 2, 3, 4]);
});

test('offset 0 without an epoch replays from the beginning, live-only clients get nothing of the past', async () => {
  const history = new TestHistory();
  for (const n of upTo(250)) history.append('x', n, { n });
  const { hub, url } = await startHub({ history: { store: history } });
  const all = await Client.open(`${url}?channel=x&offset=0`);
  const live = await Client.open(`${url}?channel=x`);
  expect(await welcomeOf(all)).toEqual({ channel: 'x', epoch: 'one', offset: 0, recovered: true });
  expect(await welcomeOf(live)).toEqual({ channel: 'x', epoch: 'one', offset: 250, recovered: false });
  // It was in the store before the live client came, and is published after: the client was told that it begins behind it.
  hub.publish('x', { n: 250 }, { offset: 250 });
  hub.publish('x', { n: 251 }, { offset: 251 });
  await until(() => all.received.length === 252 && live.received.length === 2);
  expect(all.received.slice(1).map((text) => JSON.parse(text).n)).toEqual(upTo(251));
  expect(JSON.parse(live.received[1] as string)).toEqual({ n: 251, offset: 251 });
});

test('the hook may say where a client was', async () => {
  const { hub, url } = await startHub({ history: {} }, { channels: () => [{ channel: 'x', after: { offset: 1n } }] });
  for (const n of upTo(3)) hub.publish('x', { n });
  const client = await Client.open(url);
  await until(() => client.received.length === 3);
  expect(client.received.slice(1).map((text) => JSON.parse(text).n)).toEqual([2, 3]);
});

test('another epoch is not recovered, and the client begins where things are now', async () => {
  const { hub, url } = await startHub({ history: {} });
  for (const n of upTo(3)) hub.publish('x', { n });
  const client = await Client.open(`${url}?channel=x&offset=1&epoch=another`);
  expect(await welcomeOf(client)).toMatchObject({ offset: 3, recovered: false });
  hub.publish('x', { n: 4 });
  await until(() => client.received.length === 2);
  expect(JSON.parse(client.received[1] as string)).toEqual({ n: 4, offset: 4 });
});

test.each([
  ['messages', { maxMessages: 2 }],
  ['bytes', { maxBytes: 40 }],
  ['age', { maxAgeMs: 20 }],
])('a window that was exceeded by %s is not recovered', async (_, limits) => {
  const { hub, url } = await startHub({ history: limits });
  const stay = await Client.open(`${url}?channel=x`);
  for (const n of upTo(4)) hub.publish('x', { n });
  if ('maxAgeMs' in limits) await until(() => hub.stats().historyMessages === 0);
  const client = await Client.open(`${url}?channel=x&offset=1`);
  expect(await welcomeOf(client)).toMatchObject({ offset: 4, recovered: false });
  const current = await Client.open(`${url}?channel=x&offset=4`);
  expect(await welcomeOf(current)).toMatchObject({ offset: 4, recovered: true });
  expect(stay.ws.readyState).toBe(stay.ws.OPEN);
});

test('all channels together keep to a total, the oldest go first, and nothing counts as recovered that is not', async () => {
  const { hub, url } = await startHub({ history: { maxTotalBytes: 100_000 } });
  for (let n = 1; n <= 5_000; n++) hub.publish(`channel-${n}`, { n });
  const { historyBytes, historyMessages } = hub.stats();
  expect(historyBytes).toBeLessThanOrEqual(100_000);
  expect(historyMessages).toBeGreaterThan(50);
  const old = await Client.open(`${url}?channel=channel-1&offset=0`);
  expect(await welcomeOf(old)).toMatchObject({ recovered: false });
  const recent = await Client.open(`${url}?channel=channel-5000&offset=4999`);
  await until(() => recent.received.length === 2);
  expect(recent.received[1]).toBe('{"n":5000,"offset":5000}');
});

test('a channel that nobody is in is remembered for a while, then let go', async () => {
  const { hub, url } = await startHub({ history: { maxAgeMs: 100 } });
  const client = await Client.open(`${url}?channel=x`);
  const empty = hub.stats().historyBytes;
  client.ws.terminate();
  await until(() => hub.stats().connections === 0);
  expect(hub.stats()).toMatchObject({ channels: 0, historyBytes: empty });
  await until(() => hub.stats().historyBytes === 0);
});

test('what was published before, by its offset, is left out', async () => {
  const { hub, url } = await startHub({ history: { epoch: 'e' } });
  const client = await Client.open(`${url}?channel=x`);
  for (const offset of [5, 7, 5, 7, 9n]) hub.publish('x', { at: Number(offset) }, { offset });
  await until(() => client.received.length === 4);
  expect(client.received.slice(1).map((text) => JSON.parse(text).at)).toEqual([5, 7, 9]);
  expect(hub.stats().repeated).toBe(2);
});

test('an offset on the wrong side, or none, is refused by name', async () => {
  const { hub: own } = await startHub({ history: {} });
  const { hub: given } = await startHub({ history: { epoch: 'e' } });
  const { hub: none } = await startHub();
  for (const publish of [
    () => own.publish('x', {}, { offset: 1 }),
    () => none.publish('x', {}, { offset: 1 }),
    () => given.publish('x', {}),
    () => given.publish('x', {}, { offset: 0 }),
    () => given.publish('x', {}, { offset: 2 ** 53 }),
  ]) {
    expect(publish).toThrow(/^REALTIME_OFFSET_INVALID/);
  }
  for (const message of ['text', 1, [], null]) {
    expect(() => own.publish('x', message)).toThrow(/^REALTIME_MESSAGE_INVALID/);
  }
});

test('memory alone recovers what was published while a client was away, and the store is not asked', async () => {
  const history = new TestHistory();
  const { hub, url } = await startHub({ history: { store: history } });
  const publish = publisher(() => hub, history);
  for (let n = 0; n < 10; n++) publish('x');
  const { numbers, cut, client } = connectFeed(`${url}?channel=x&offset=0`);
  await until(() => numbers('x').length === 10);
  const before = history.reads;
  cut();
  for (let n = 0; n < 10; n++) publish('x');
  await until(() => numbers('x').length === 20);
  expect(numbers('x')).toEqual(upTo(20));
  expect(history.reads).toBe(before);
  expect(client.state).toEqual({ status: 'open', reconnected: true, recovered: true });
});

test('a store that no longer reaches back is not recovered; one that is away is a 503, and is told', async () => {
  const history = new TestHistory();
  const errors: unknown[] = [];
  for (const n of upTo(10)) history.append('x', n, { n });
  history.removedUpTo = 5;
  const { hub, url } = await startHub({ history: { store: history, onError: (error) => errors.push(error) } });
  expect(await welcomeOf(await Client.open(`${url}?channel=x&offset=4`))).toMatchObject({ recovered: false });
  expect(await welcomeOf(await Client.open(`${url}?channel=x&offset=5`))).toMatchObject({ recovered: true });
  // Ahead of all there is: given by a history that was lost since.
  expect(await welcomeOf(await Client.open(`${url}?channel=x&offset=11`))).toMatchObject({ recovered: false });
  history.failing = true;
  const refused = new Client(`${url}?channel=x&offset=5`);
  await expect(refused.opened).rejects.toThrow(/503/);
  expect(errors).toMatchObject([{ code: 'REALTIME_HISTORY_FAILED', retry: 'backoff', details: { channel: 'x' } }]);
  expect(hub.stats()).toMatchObject({ historyFailures: 1, connections: 3 });
});

test('a store that does not answer holds nobody up for longer than its time', async () => {
  const store = new TestHistory();
  const hanging = { epoch: () => store.epoch(), read: () => new Promise<never>(() => undefined) };
  const { hub, url } = await startHub({ history: { store: hanging, maxReads: 1, readTimeoutMs: 30 } });
  const clients = [1, 2, 3].map(() => new Client(`${url}?channel=x&offset=0`));
  for (const client of clients) await expect(client.opened).rejects.toThrow(/503/);
  expect(hub.stats()).toMatchObject({ historyFailures: 3, connections: 0 });
});

test('a history that is lost while a client replays it closes with 4010, one that fails with 1013', async () => {
  for (const [state, code] of [
    [{ removedUpTo: 1_000 }, 4010],
    [{ failing: true }, 1013],
  ] as const) {
    const history = new TestHistory();
    for (const n of upTo(1_000)) history.append('x', n, { n });
    const { url } = await startHub({ history: { store: history, pageSize: 10 } });
    const client = await Client.open(`${url}?channel=x&offset=0`);
    await until(() => client.received.length > 20);
    Object.assign(history, state);
    expect((await client.closed).code).toBe(code);
  }
});
