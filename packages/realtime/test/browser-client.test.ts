import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  backoffMs,
  type ConnectionState,
  connectRealtime,
  type RealtimeOptions,
  type WebSocketConstructor,
} from '../src/browser/index.js';
import { Positions } from '../src/browser/positions.js';
import { startHub, until } from './support/rig.js';

function connect(url: string, options: Partial<RealtimeOptions> = {}) {
  const messages: unknown[] = [];
  const states: ConnectionState[] = [];
  const client = connectRealtime({
    url,
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
    WebSocket: WebSocket as unknown as WebSocketConstructor,
    backoff: { minMs: 20, maxMs: 50 },
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, messages, states, seen: () => states.map(({ status }) => status) };
}

test('messages arrive parsed, and answers to heartbeats are kept from the page', async () => {
  const { hub, url } = await startHub();
  const { client, messages } = connect(`${url}?channel=x`, { heartbeat: { intervalMs: 20 } });
  await until(() => client.state.status === 'open');
  await until(() => hub.stats().received >= 3);
  hub.publish('x', { n: 1 });
  hub.publish('x', 'not json');
  await until(() => messages.length === 2);
  expect(messages).toEqual([{ n: 1 }, 'not json']);
});

test('it comes back by itself when the server restarts, and says that it was away', async () => {
  const first = await startHub();
  const { client, messages, states, seen } = connect(`${first.url}?channel=x`);
  await until(() => client.state.status === 'open');
  await first.stop();
  await until(() => states.filter(({ status }) => status === 'waiting').length >= 3);
  const second = await startHub({}, {}, first.port);
  await until(() => client.state.status === 'open');
  second.hub.publish('x', { back: true });
  await until(() => messages.length === 1);
  expect(seen().slice(0, 4)).toEqual(['connecting', 'open', 'waiting', 'connecting']);
  expect(states[1]).toEqual({ status: 'open', reconnected: false, recovered: false });
  expect(states[2]).toMatchObject({ status: 'waiting', attempt: 1, code: 1001 });
  expect(states.at(-1)).toEqual({ status: 'open', reconnected: true, recovered: false });
});

test('a link that is dead without a word is noticed', async () => {
  const sockets: Socket[] = [];
  const { port } = await startHub();
  let silent = false;
  const proxy = createServer((inbound) => {
    const outbound = new (inbound.constructor as typeof Socket)().connect(port, '127.0.0.1');
    sockets.push(inbound, outbound);
    outbound.on('data', (chunk) => silent || inbound.write(chunk)).on('error', () => undefined);
    inbound.on('data', (chunk) => silent || outbound.write(chunk)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port: through } = proxy.address() as { port: number };
  const { client, states } = connect(`ws://127.0.0.1:${through}/ws?channel=x`, {
    heartbeat: { intervalMs: 40, timeoutMs: 40 },
    connectTimeoutMs: 200,
  });
  await until(() => client.state.status === 'open');
  silent = true;
  await until(() => client.state.status === 'waiting');
  expect(states.at(-1)).toMatchObject({ code: 1006 });
  silent = false;
  await until(() => client.state.status === 'open');
});

test('waking tries at once, however long the pause', async () => {
  const first = await startHub();
  const { client } = connect(first.url, { backoff: { minMs: 60_000, maxMs: 60_000 } });
  await until(() => client.state.status === 'open');
  await first.stop();
  await until(() => client.state.status === 'waiting');
  await startHub({}, {}, first.port);
  client.wake();
  await until(() => client.state.status === 'open');
});

test('a try that never completes is given up', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { client } = connect(`ws://127.0.0.1:${port}/ws`, { connectTimeoutMs: 30 });
  await until(() => client.state.status === 'waiting');
});

test('close ends it for good', async () => {
  const { hub, url } = await startHub();
  const { client, seen } = connect(url);
  await until(() => client.state.status === 'open');
  client.close();
  client.close();
  await until(() => hub.stats().connections === 0);
  expect(seen()).toEqual(['connecting', 'open', 'closed']);
});

test('the address is asked for anew at each try, and a failure to make it is a failed try', async () => {
  const { url } = await startHub();
  let asked = 0;
  const { client } = connect(url, {
    url: async () => {
      asked += 1;
      if (asked < 3) throw new Error('no token');
      return url;
    },
  });
  await until(() => client.state.status === 'open');
  expect(asked).toBe(3);
});

test('pauses double, up to a limit, with half of each left to chance', () => {
  const options = { minMs: 100, maxMs: 1_000 };
  expect([1, 2, 3, 4, 5, 99].map((n) => backoffMs(n, options, () => 1))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect([1, 2, 3].map((n) => backoffMs(n, options, () => 0))).toEqual([50, 100, 200]);
});

test('a message that came before is told by its offset, in the channel that it is of', () => {
  const positions = new Positions();
  const joined = (channel: string) => ({ channel, epoch: 'e', offset: 2, recovered: true });
  expect(positions.begin({ channels: [joined('x'), joined('y')] })).toBe(true);
  expect(positions.take({ offset: 2, channel: 'x' })).toBe('had');
  expect(positions.take({ offset: 3, channel: 'x' })).toEqual({ channel: 'x', offset: 3 });
  expect(positions.take({ offset: 3, channel: 'x' })).toBe('had');
  expect(positions.take({ offset: 3, channel: 'y' })).toEqual({ channel: 'y', offset: 3 });
  expect(positions.take({ offset: 1, channel: 'elsewhere' })).toEqual({});
  expect(positions.addTo('ws://h/ws?channel=x&channel=y&offset=0')).toBe(
    'ws://h/ws?channel=x&channel=y&channel=x&offset=3&epoch=e&channel=y&offset=3&epoch=e',
  );
});
