import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectFeed, TestHistory, upTo } from './support/feed.js';
import { Client, startHub, until } from './support/rig.js';

const cap = 256 * 1024;
const filling = 'x'.repeat(1_000);

/** How much waits for each socket that the server has taken over, at the most so far. */
function watchBuffers(server: { on(event: 'upgrade', listener: (request: unknown, socket: Socket) => void): unknown }) {
  const sockets: Socket[] = [];
  const writes: number[][] = [];
  let most = 0;
  server.on('upgrade', (_, socket) => {
    sockets.push(socket);
    const sizes: number[] = [];
    writes.push(sizes);
    const write = socket.write.bind(socket);
    socket.write = ((chunk: Buffer, ...rest: never[]) => {
      const flushed = write(chunk, ...rest);
      sizes.push(chunk.length);
      most = Math.max(most, socket.writableLength);
      return flushed;
    }) as Socket['write'];
  });
  return { sockets, writes, most: () => most };
}

test('all that is published to a channel in one tick is one write for each client', async () => {
  const { hub, server, url } = await startHub({ history: {} });
  const { writes } = watchBuffers(server);
  const clients = await Promise.all([1, 2, 3].map(() => Client.open(`${url}?channel=x`)));
  await until(() => clients.every(({ received }) => received.length === 1));
  const before = writes.flat().length;
  for (const n of upTo(16)) hub.publish('x', { n });
  await until(() => clients.every(({ received }) => received.length === 17));
  expect(writes.flat().length - before).toBe(clients.length);
});

test('who joins or replays in the middle of a tick does not divide the write of the others', async () => {
  const during: (() => void)[] = [];
  // The welcome is made right before a client joins, a microtask runs right after; both belong to one tick.
  const welcome = () => {
    for (const run of during) run();
    return {};
  };
  const { hub, server, url } = await startHub({ history: {} }, { welcome });
  const { writes } = watchBuffers(server);
  const stay = await Client.open(`${url}?channel=x`);
  await until(() => stay.received.length === 1);
  during.push(
    () => hub.publish('x', { n: 'before' }),
    () => queueMicrotask(() => hub.publish('x', { n: 'after' })),
  );
  for (const [query, round] of [
    ['channel=x', 1],
    ['channel=x&offset=0', 2],
  ] as const) {
    const before = writes[0]?.length ?? 0;
    const other = await Client.open(`${url}?${query}`);
    await until(() => other.received.length === 1 + 2 * round);
    await until(() => stay.received.length === 1 + 2 * round);
    expect((writes[0]?.length ?? 0) - before).toBe(1);
    expect(other.received.slice(-2)).toEqual(stay.received.slice(-2));
    other.ws.terminate();
  }
});

test('a slow reader that replays a long history costs no more than its cap, and gets all of it once it reads', async () => {
  const history = new TestHistory();
  const count = 20_000;
  for (const n of upTo(count)) history.append('x', n, { n, filling });
  const { hub, server, url } = await startHub({
    history: { store: history, maxMessages: 10, pageSize: 1_000 },
    limits: { maxBufferedBytes: cap },
  });
  const { most } = watchBuffers(server);
  const slow = connectFeed(`${url}?channel=x&offset=0`);
  await until(() => slow.numbers('x').length > 0);
  slow.sockets[0]?.pause();
  const fast = connectFeed(`${url}?channel=x&offset=${count - 5}`);
  await until(() => fast.numbers('x').length === 5);
  let reads = -1;
  await until(() => {
    const stands = reads === history.reads;
    reads = history.reads;
    return stands;
  });
  for (let n = count + 1; n <= count + 100; n++) {
    history.append('x', n, { n, filling });
    hub.publish('x', { n, filling }, { offset: n });
  }
  await until(() => fast.numbers('x').length === 105);
  expect(slow.numbers('x').length).toBeLessThan(count);
  slow.sockets[0]?.resume();
  await until(() => slow.numbers('x').length === count + 100);
  expect(slow.numbers('x')).toEqual(upTo(count + 100));
  expect(most()).toBeLessThanOrEqual(cap);
  expect(hub.stats()).toMatchObject({ tooSlow: 0, dropped: 0 });
}, 60_000);

test('a reader that is left out of a channel is told what it missed, goes on live, and can get it by coming back', async () => {
  const { hub, server, url } = await startHub({
    history: { maxMessages: 50_000, maxBytes: 60_000_000 },
    limits: { maxBufferedBytes: cap },
    slow: (channel) => (channel === 'ticker' ? 'skip' : 'close'),
  });
  const { most } = watchBuffers(server);
  const slow = connectFeed(`${url}?channel=ticker`);
  const good = connectFeed(`${url}?channel=ticker`);
  await until(
    () => slow.client.state.status === 'open' && good.client.state.status === 'open' && hub.stats().channels === 1,
  );
  await until(() => hub.stats().connections === 2 && slow.sockets[0]?.readyState === 1);
  slow.sockets[0]?.pause();
  let n = 0;
  while (slow.skipped.length === 0 && n < 30_000) {
    for (let at = 0; at < 100; at++) {
      n += 1;
      hub.publish('ticker', { n, filling });
    }
    await hub.flushed({ timeoutMs: 5 });
    if (n === 20_000) slow.sockets[0]?.resume();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => good.numbers('ticker').length === n && slow.numbers('ticker').at(-1) === n);
  expect(good.numbers('ticker')).toEqual(upTo(n));
  expect(slow.skipped.length).toBeGreaterThan(0);
  // What it has and what it was told it misses is everything, without overlap.
  const had = new Set(slow.numbers('ticker'));
  expect(had.size).toBe(slow.numbers('ticker').length);
  let missed = 0;
  for (const { from = 0, to = 0 } of slow.skipped) {
    missed += to - from;
    for (let offset = from + 1; offset <= to; offset++) expect(had.has(offset)).toBe(false);
  }
  expect(had.size + missed).toBe(n);
  expect(hub.stats()).toMatchObject({ tooSlow: 0, dropped: missed, skips: slow.skipped.length, connections: 2 });
  expect(most()).toBeLessThanOrEqual(cap);
  const [{ from = 0 } = {}] = slow.skipped;
  const again = connectFeed(`${url}?channel=ticker&offset=${from}`);
  await until(() => again.numbers('ticker').at(-1) === n);
  expect(again.numbers('ticker').length).toBeGreaterThan(0);
}, 60_000);

test('one reader that stands still delays a publisher a few times, and not each time', async () => {
  const { hub, url } = await startHub({ limits: { maxBufferedBytes: 4_000_000 } });
  const slow = await Client.open(`${url}?channel=x`);
  slow.ws.pause();
  const text = 'x'.repeat(500_000);
  let sent = 0;
  // Until more than half of the cap waits, behind what the operating system takes.
  while (sent < 200) {
    hub.publish('x', text);
    const start = performance.now();
    await hub.flushed({ timeoutMs: 1_000 });
    sent += 1;
    if (performance.now() - start >= 1_000) break;
  }
  expect(hub.stats().tooSlow).toBe(0);
  const start = performance.now();
  for (let n = 0; n < 30; n++) await hub.flushed({ timeoutMs: 1_000 });
  expect(performance.now() - start).toBeLessThan(20_000);
}, 60_000);
