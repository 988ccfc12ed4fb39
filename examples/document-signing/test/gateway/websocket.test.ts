import { once } from 'node:events';
import { connect as tcp } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { call } from '../support/answers.js';
import { echoService, gateway, replica } from '../support/gateway.js';

/** Connects; gives the first message, or the status of the refusal. */
async function connect(url: string, path = '/ws/1?token=x', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers });
  onTestFinished(() => socket.terminate());
  socket.on('error', () => undefined);
  const first = once(socket, 'message').then(([text]) => JSON.parse(String(text)));
  first.catch(() => undefined);
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.once('close', () => resolve(0));
  });
  return { socket, status, first: status === 101 ? await first : undefined };
}

async function echoed(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, 'message');
  socket.send(text);
  return String((await answer)[0]);
}

test('a WebSocket reaches the service of this process, with the address of its client', async () => {
  const { url } = await gateway();
  const { socket, first } = await connect(url, undefined, { 'x-forwarded-for': '198.51.100.1' });
  expect(first).toEqual({ by: 'realtime', address: '127.0.0.1' });
  expect(await echoed(socket, 'hello')).toBe('hello');
});

test('a WebSocket reaches a replica, in both directions and whatever its size', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { realtime: { replicas: [one.url] } } });
  const { socket, first } = await connect(url, undefined, { 'x-forwarded-for': '198.51.100.1' });
  expect(first).toEqual({ by: 'one', address: '127.0.0.1' });
  expect(await echoed(socket, 'hello')).toBe('hello');
  const large = 'x'.repeat(3_000_000);
  expect((await echoed(socket, large)) === large).toBe(true);
});

test('when a replica dies its clients are told, and come back to another one', async () => {
  const [one, two] = [await replica('one'), await replica('two')];
  const { url } = await gateway({ upstreams: { realtime: { replicas: [one.url, two.url] } } });
  const clients = [await connect(url), await connect(url)];
  expect(new Set(clients.map(({ first }) => first.by))).toEqual(new Set(['one', 'two']));
  const lost = clients.find(({ first }) => first.by === 'one')?.socket as WebSocket;
  const closed = once(lost, 'close');
  await one.kill();
  await closed;
  for (let n = 0; n < 3; n++) expect((await connect(url)).first.by).toBe('two');
});

test('when a client leaves, the replica is told', async () => {
  const service = await echoService('one');
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  const connections = () => new Promise((resolve) => service.app.server.getConnections((_, count) => resolve(count)));
  const proxied = await gateway({ upstreams: { realtime: { replicas: [url] } } });
  const { socket } = await connect(proxied.url);
  expect(await connections()).toBe(1);
  socket.terminate();
  await expect.poll(connections, { timeout: 10_000 }).toBe(0);
});

test('what the service answers instead of an upgrade is what the client gets', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { realtime: { replicas: [one.url] } } });
  expect((await connect(url, '/ws/refused')).status).toBe(401);
  expect((await connect((await gateway()).url, '/ws/refused')).status).toBe(401);
});

test('no replica is a 503, and another path than /ws a 404', async () => {
  const gone = await replica('gone');
  await gone.kill();
  const { url } = await gateway({ upstreams: { realtime: { replicas: [gone.url] } } });
  expect((await connect(url)).status).toBe(503);
  for (const path of ['/documents', '/wsx', '/']) expect((await connect(url, path)).status).toBe(404);
});

test('a page of another site does not get a WebSocket, nor does a host that is not ours', async () => {
  const { url } = await gateway();
  expect((await connect(url, undefined, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await connect(url, undefined, { origin: 'null' })).status).toBe(403);
  expect((await connect(url, undefined, { host: 'evil.example' })).status).toBe(403);
  expect((await connect(url, undefined, { origin: url })).status).toBe(101);
});

test('a handshake that was refused leaves no connection behind, also when the client keeps its side open', async () => {
  const other = await replica('one');
  const { url, service } = await gateway({ upstreams: { realtime: { replicas: [other.url] } } });
  const open = () => new Promise((resolve) => service.app.server.getConnections((_, count) => resolve(count)));
  for (const [path, host, status] of [
    ['/ws/1', 'evil.example', 403],
    ['/nothing', 'localhost', 404],
    ['/ws/refused', 'localhost', 401],
  ] as const) {
    const client = tcp({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    expect(String((await once(client, 'data'))[0])).toContain(`HTTP/1.1 ${status} `);
  }
  await waitFor(async () => (await open()) === 0, { what: 'the end of the connections' });
});

test('a WebSocket on which nothing happens stays, however short the time for answers is', async () => {
  const other = await replica('one');
  const { url } = await gateway({ upstreams: { realtime: { replicas: [other.url] } }, limits: { stalledMs: 50 } });
  const { socket } = await connect(url);
  const later = new Promise((resolve) => setTimeout(resolve, 400, 'still there'));
  expect(await Promise.race([once(socket, 'close'), later])).toBe('still there');
});

test('handshakes count for the rate of a client', async () => {
  const { url } = await gateway({ rateLimit: { requests: 3, seconds: 60 } });
  for (let n = 0; n < 3; n++) expect((await connect(url)).status).toBe(101);
  expect((await connect(url)).status).toBe(429);
  expect((await call(`${url}/documents`, 'GET')).status).toBe(429);
});

test('the gateway can be closed while clients are connected', async () => {
  const one = await replica('one');
  const { url, service } = await gateway({ upstreams: { realtime: { replicas: [one.url] } } });
  const { socket } = await connect(url);
  const closed = once(socket, 'close');
  await service.close();
  await closed;
});
