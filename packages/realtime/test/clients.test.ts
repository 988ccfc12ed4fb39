import { expect, test } from 'vitest';
import { Client, deafClient, startHub, until } from './support/rig.js';

test('a ping message is answered with the time', async () => {
  const { url } = await startHub();
  const client = await Client.open(url);
  client.ws.send('{"type":"ping"}');
  const [pong] = (await client.messages(1)) as [{ type: string; timestamp: string }];
  expect(pong.type).toBe('pong');
  expect(Math.abs(Date.parse(pong.timestamp) - Date.now())).toBeLessThan(5_000);
});

test('bad JSON is answered and the connection lives', async () => {
  const { hub, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  for (const bad of ['{', '', 'ping', Buffer.from([1, 2])]) client.ws.send(bad);
  client.ws.send('{"type":"dance"}');
  client.ws.send('null');
  const invalid = { type: 'error', message: 'Invalid JSON' };
  const unknown = { type: 'error', message: 'Unknown message type' };
  expect(await client.messages(6)).toEqual([invalid, invalid, invalid, invalid, unknown, unknown]);
  hub.publish('x', { alive: true });
  expect((await client.messages(7))[6]).toEqual({ alive: true });
});

test('a message above the limit closes with 1009', async () => {
  const { url } = await startHub({ limits: { maxMessageBytes: 100 } });
  const client = await Client.open(url);
  client.ws.send('x'.repeat(101));
  expect((await client.closed).code).toBe(1009);
});

test('a client that sends too much is closed with 4029', async () => {
  const { url } = await startHub({ limits: { maxMessagesPerSecond: 5 } });
  const client = await Client.open(url);
  for (let n = 0; n < 12; n++) client.ws.send('{"type":"ping"}');
  expect(await client.closed).toEqual({ code: 4029, reason: 'too many messages' });
});

test('a WebSocket ping is answered with its payload', async () => {
  const { url } = await startHub();
  const client = await Client.open(url);
  const pong = new Promise<string>((resolve) => client.ws.once('pong', (data) => resolve(data.toString())));
  client.ws.ping('42');
  expect(await pong).toBe('42');
});

test('a client that answers pings stays, one that does not is ended', async () => {
  const { hub, url } = await startHub({ heartbeat: { intervalMs: 60, timeoutMs: 30 } });
  const good = await Client.open(url);
  const silent = await Client.open(url, { autoPong: false } as never);
  let pings = 0;
  good.ws.on('ping', () => {
    pings += 1;
  });
  expect((await silent.closed).code).toBe(1006);
  await until(() => pings >= 4);
  expect(hub.stats()).toMatchObject({ connections: 1, unresponsive: 1 });
});

test('a reader that never reads costs its cap, is closed as too slow, and others get everything', async () => {
  const maxBufferedBytes = 256 * 1024;
  const { hub, port, url } = await startHub({ limits: { maxBufferedBytes, closeTimeoutMs: 100 } });
  const good = await Client.open(`${url}?channel=x`);
  await deafClient(port, 'x');
  await until(() => hub.stats().connections === 2);
  const text = 'x'.repeat(50_000);
  let published = 0;
  while (hub.stats().tooSlow === 0 && published < 1_000) {
    hub.publish('x', text);
    published += 1;
    await hub.flushed({ timeoutMs: 20 });
  }
  await until(() => hub.stats().connections === 1);
  hub.publish('x', text);
  await until(() => good.received.length === published + 1);
  expect(hub.stats()).toMatchObject({ tooSlow: 1, dropped: 1, connections: 1 });
});

test('a slow reader that is still there learns why it was closed', async () => {
  const { hub, url } = await startHub({ limits: { maxBufferedBytes: 64 * 1024 } });
  const client = await Client.open(`${url}?channel=x`);
  client.ws.pause();
  const text = 'x'.repeat(50_000);
  while (hub.stats().tooSlow === 0) {
    hub.publish('x', text);
    await hub.flushed({ timeoutMs: 5 });
  }
  client.ws.resume();
  expect(await client.closed).toEqual({ code: 4008, reason: 'reader too slow' });
});
