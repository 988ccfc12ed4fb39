import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { realtimeHub } from '../src/index.js';
import { Client, refusal, startHub, until } from './support/rig.js';

test('only pages of the same host may connect, unless others are named', async () => {
  const { hub, url, port } = await startHub();
  expect(await refusal(url, { origin: 'https://evil.example' })).toBe(403);
  expect(await refusal(url, { origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
  expect(await refusal(url, { origin: 'null' })).toBe(403);
  await Client.open(url, { origin: `http://127.0.0.1:${port}` });
  await Client.open(url, { origin: 'https://app.example', headers: { host: 'app.example:443' } });
  expect(hub.stats()).toMatchObject({ refused: 3, connections: 2 });

  const listed = await startHub({}, { origins: ['https://app.example'] });
  await Client.open(listed.url, { origin: 'https://app.example' });
  expect(await refusal(listed.url, { origin: `http://127.0.0.1:${listed.port}` })).toBe(403);

  const both = await startHub({}, { origins: ['same-host', 'https://app.example'] });
  await Client.open(both.url, { origin: 'https://app.example' });
  await Client.open(both.url, { origin: `http://127.0.0.1:${both.port}` });
  expect(await refusal(both.url, { origin: 'https://evil.example' })).toBe(403);
});

test('what the channels hook says is the answer: null is 404, an error 500, too many 400, too slow 503', async () => {
  const { url } = await startHub(
    { limits: { maxChannelsPerConnection: 2, handshakeTimeoutMs: 50 } },
    {
      channels: async (_, { pathname }) => {
        if (pathname === '/ws/bad') throw new Error('no');
        if (pathname === '/ws/many') return ['a', 'b', 'c'];
        if (pathname === '/ws/slow') return await new Promise<never>(() => undefined);
        return null;
      },
    },
  );
  expect(await refusal(`${url}/unknown`)).toBe(404);
  expect(await refusal(`${url}/bad`)).toBe(500);
  expect(await refusal(`${url}/many`)).toBe(400);
  expect(await refusal(`${url}/slow`)).toBe(503);
  expect(await refusal(url.replace('/ws', '/wsx'))).toBe(404);
});

test('a hook for origins or addresses that throws ends its handshake with 500, and nothing else', async () => {
  const origins = (origin: string) => new URL(origin).protocol === 'https:';
  const { hub, url } = await startHub({}, { origins });
  expect(await refusal(url, { origin: 'no address at all' })).toBe(500);
  await Client.open(url, { origin: 'https://app.example' });
  expect(hub.stats()).toMatchObject({ connections: 1, refused: 1 });

  const address = () => {
    throw new Error('no');
  };
  const other = await startHub({ limits: { maxConnections: 1 } }, { address });
  for (let n = 0; n < 3; n++) expect(await refusal(other.url)).toBe(500);
});

test('a welcome without a JSON form is a 500, while there is HTTP to say it in', async () => {
  const { url } = await startHub({}, { welcome: () => 1n });
  expect(await refusal(url)).toBe(500);
});

test('a full hub answers 503 until a client leaves', async () => {
  const { hub, url } = await startHub({ limits: { maxConnections: 1 } });
  const first = await Client.open(url);
  expect(await refusal(url)).toBe(503);
  first.ws.close();
  await until(() => hub.stats().connections === 0);
  await Client.open(url);
});

test('two hubs and a plain WebSocket server share one HTTP server by path', async () => {
  const server = createServer();
  const a = realtimeHub();
  const b = realtimeHub();
  a.attach(server, { path: '/a', channels: () => ['a'], welcome: () => 'from a' });
  b.attach(server, { path: '/b/', channels: () => ['b'], welcome: () => 'from b' });
  const plain = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/plain') plain.handleUpgrade(request, socket, head, (ws) => ws.send('from plain'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [path, text] of [
    ['/a', 'from a'],
    ['/a/below', 'from a'],
    ['/b/below', 'from b'],
    ['/plain', 'from plain'],
  ]) {
    const client = await Client.open(`${base}${path}`);
    await until(() => client.received.length === 1);
    expect(client.received).toEqual([text]);
    client.ws.close();
  }
  await a.close();
  await b.close();
  server.close();
});

test('an address that no URL can be made of is refused, not a crash', async () => {
  const { url, port } = await startHub();
  expect(await refusal(url, { headers: { host: `127.0.0.1:${port}` }, origin: 'http://[' })).toBe(403);
  expect(await refusal(`ws://127.0.0.1:${port}//[/ws`)).toBe(404);
});
