import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { realtimeHub } from '../src/index.js';
import { FrameCount } from '../src/limits/frame-count.js';
import { clientFrame, rawClient } from './support/raw-client.js';
import { Client, refusal, startHub, until } from './support/rig.js';

const TEXT = 1;
const CONTINUATION = 0;
const PING = 9;
const PONG = 10;

test('one address has so many connections, and a place is free again when one leaves', async () => {
  const { hub, url } = await startHub({ limits: { maxConnectionsPerAddress: 2 } });
  const first = await Client.open(url);
  await Client.open(url);
  expect(await refusal(url)).toBe(429);
  first.ws.close();
  await until(() => hub.stats().connections === 1);
  await Client.open(url);
});

test('behind a proxy the address is the one that the proxy vouches for', async () => {
  const { url } = await startHub(
    { limits: { maxConnectionsPerAddress: 1 } },
    { address: ({ headers }) => String(headers['x-forwarded-for']) },
  );
  await Client.open(url, { headers: { 'x-forwarded-for': '10.0.0.1' } });
  await Client.open(url, { headers: { 'x-forwarded-for': '10.0.0.2' } });
  expect(await refusal(url, { headers: { 'x-forwarded-for': '10.0.0.2' } })).toBe(429);
});

test('a handshake that was refused, or is no WebSocket, takes no place', async () => {
  const { hub, port, url } = await startHub(
    { limits: { maxConnectionsPerAddress: 1, maxConnectionsPerIdentity: 1 } },
    {
      authenticate: () => ({ subject: 'a', claims: {} }),
      channels: (_, { pathname }) => (pathname === '/ws' ? [] : null),
    },
  );
  expect(await refusal(`${url}/nowhere`)).toBe(404);
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
  );
  const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  expect(answer).toContain('400 Bad Request');
  await Client.open(url);
  expect(hub.stats().connections).toBe(1);
});

test('one subject has so many connections', async () => {
  const { hub, url } = await startHub(
    { limits: { maxConnectionsPerIdentity: 1 } },
    { authenticate: (_, { searchParams }) => ({ subject: searchParams.get('as') as string, claims: {} }) },
  );
  const ada = await Client.open(`${url}?as=ada`);
  await Client.open(`${url}?as=grace`);
  expect(await refusal(`${url}?as=ada`)).toBe(429);
  ada.ws.close();
  await until(() => hub.stats().connections === 1);
  await Client.open(`${url}?as=ada`);
});

test('a message in more parts than allowed closes with 1008', async () => {
  const { port } = await startHub({ limits: { maxFragmentsPerMessage: 4 } });
  const { socket, closeCode } = await rawClient(port);
  socket.write(clientFrame(TEXT, '{', false));
  for (let n = 0; n < 4; n++) socket.write(clientFrame(CONTINUATION, '', false));
  await until(() => closeCode() === 1008);
});

test.each([
  ['parts of messages', [TEXT, CONTINUATION]],
  ['pings', [PING]],
  ['pongs', [PONG]],
])('a flood of %s closes with 4029', async (_, opcodes) => {
  const { port } = await startHub({
    limits: { maxFramesPerSecond: 50, maxMessagesPerSecond: 2_000_000, maxFragmentsPerMessage: 1_000_000 },
  });
  const { socket, closeCode } = await rawClient(port);
  for (let n = 0; n < 150; n++)
    socket.write(clientFrame(opcodes[Math.min(n, opcodes.length - 1)] as number, '', opcodes[0] !== TEXT));
  await until(() => closeCode() === 4029);
});

test('pings count as messages', async () => {
  const { url } = await startHub({ limits: { maxMessagesPerSecond: 5 } });
  const client = await Client.open(url);
  for (let n = 0; n < 12; n++) client.ws.ping();
  expect(await client.closed).toEqual({ code: 4029, reason: 'too many messages' });
});

test('more bytes than allowed in a second close with 4029', async () => {
  const { url } = await startHub({ limits: { maxBytesPerSecond: 10_000 } });
  const client = await Client.open(url);
  for (let n = 0; n < 12; n++) client.ws.send(' '.repeat(2_000));
  expect((await client.closed).code).toBe(4029);
});

test('who goes on sending after the close is cut off', async () => {
  const { hub, port } = await startHub({ limits: { maxFramesPerSecond: 10, closeTimeoutMs: 60_000 } });
  const { socket, closed } = await rawClient(port);
  const flood = setInterval(() => socket.write(Buffer.concat(Array(50).fill(clientFrame(PONG, '')))), 5);
  onTestFinished(() => clearInterval(flood));
  await closed;
  await until(() => hub.stats().connections === 0);
});

test('headers above the limit are answered 431', async () => {
  const { url } = await startHub({ limits: { maxHeaderBytes: 1_000 } });
  await Client.open(url);
  expect(await refusal(url, { headers: { 'x-long': 'x'.repeat(1_000) } })).toBe(431);
  expect(await refusal(`${url}?long=${'x'.repeat(1_000)}`)).toBe(431);
});

test('the hooks of a handshake share one deadline', { timeout: 20_000 }, async () => {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 400));
  const { url } = await startHub(
    { limits: { handshakeTimeoutMs: 600 } },
    {
      authenticate: async () => {
        await pause();
        return { subject: 'a', claims: {} };
      },
      authorize: async () => {
        await pause();
        return true;
      },
    },
  );
  expect(await refusal(`${url}?channel=x`)).toBe(503);
});

test('headers that come slowly are given up by the HTTP server, before the hub knows of them', async () => {
  const server = createServer({ headersTimeout: 100, connectionsCheckingInterval: 20 });
  const hub = realtimeHub();
  hub.attach(server, { channels: () => [] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\n');
  const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  expect(answer).toContain('408 Request Timeout');
});

test('frames are counted however the network cuts them', () => {
  const long = Buffer.concat([Buffer.from([0x82, 0xfe, 0x01, 0x00, 0, 0, 0, 0]), Buffer.alloc(256, 0x81)]);
  const longer = Buffer.concat([
    Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    Buffer.alloc(65_536, 0x81),
  ]);
  const bytes = Buffer.concat([clientFrame(TEXT, 'abc'), long, clientFrame(PING, ''), longer, clientFrame(PONG, 'x')]);
  for (const size of [1, 2, 3, 7, 300, bytes.length]) {
    const count = new FrameCount();
    let frames = 0;
    for (let at = 0; at < bytes.length; at += size) frames += count.add(bytes.subarray(at, at + size));
    expect(frames, `in pieces of ${size}`).toBe(5);
  }
});

test('clients that come and go under ever new names do not fill the memory, also while nothing is published', async () => {
  const maxTotalBytes = 10_000;
  const { hub, url } = await startHub({ history: { maxTotalBytes } });
  for (let n = 0; n < 30; n++) {
    const client = await Client.open(`${url}?channel=${n}`);
    client.ws.close();
    await client.closed;
  }
  await until(() => hub.stats().connections === 0);
  expect(hub.stats().historyBytes).toBeLessThanOrEqual(maxTotalBytes);
});
