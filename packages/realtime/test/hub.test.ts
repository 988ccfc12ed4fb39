import { expect, test } from 'vitest';
import { realtimeHub } from '../src/index.js';
import { Client, startHub, until } from './support/rig.js';

test('a message reaches every client of its channel, in order, and nobody else', async () => {
  const { hub, url } = await startHub();
  const [a, b, other] = await Promise.all(['x', 'x', 'y'].map((channel) => Client.open(`${url}?channel=${channel}`)));
  for (let n = 0; n < 100; n++) hub.publish('x', { n });
  hub.publish('y', 'last');
  const expected = Array.from({ length: 100 }, (_, n) => ({ n }));
  expect(await a?.messages(100)).toEqual(expected);
  expect(await b?.messages(100)).toEqual(expected);
  await until(() => other?.received.length === 1);
  expect(other?.received).toEqual(['last']);
  expect(hub.stats()).toMatchObject({ connections: 3, channels: 2, published: 101, sent: 201, dropped: 0 });
});

test.each([0, 1, 125, 126, 65_535, 65_536, 300_000])('a text of %i bytes arrives as it was', async (bytes) => {
  const { hub, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  const text = 'é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2);
  hub.publish('x', text);
  await until(() => client.received.length === 1);
  expect(client.received[0]).toBe(text);
});

test('a message is sent to several channels by one publish', async () => {
  const { hub, url } = await startHub();
  const [a, b] = await Promise.all(['x', 'y'].map((channel) => Client.open(`${url}?channel=${channel}`)));
  hub.publish(['x', 'y', 'nobody'], { to: 'both' });
  expect(await a?.messages(1)).toEqual([{ to: 'both' }]);
  expect(await b?.messages(1)).toEqual([{ to: 'both' }]);
});

test('a channel is forgotten when its last client leaves, and the others stay in their places', async () => {
  const { hub, url } = await startHub();
  const clients = await Promise.all(Array.from({ length: 5 }, () => Client.open(`${url}?channel=x&channel=y`)));
  clients[1]?.ws.close();
  clients[4]?.ws.close();
  await until(() => hub.stats().connections === 3);
  hub.publish('x', { still: 'here' });
  for (const index of [0, 2, 3]) expect(await clients[index]?.messages(1)).toEqual([{ still: 'here' }]);
  for (const client of clients) client.ws.close();
  await until(() => hub.stats().connections === 0);
  expect(hub.stats().channels).toBe(0);
});

test('the welcome comes before anything that is published', async () => {
  const { hub, url } = await startHub({}, { welcome: (channels) => ({ type: 'hello', channels }) });
  const publishing = setInterval(() => hub.publish('x', { type: 'news' }), 1);
  const client = await Client.open(`${url}?channel=x&channel=x`);
  const [first] = await client.messages(2);
  clearInterval(publishing);
  expect(first).toEqual({ type: 'hello', channels: ['x'] });
});

test('a message without a JSON form is refused by name', async () => {
  const { hub, url } = await startHub();
  await Client.open(`${url}?channel=x`);
  expect(() => hub.publish('x', { n: 1n })).toThrow(/^REALTIME_MESSAGE_INVALID/);
  expect(() => hub.publish('x', undefined)).toThrow(/^REALTIME_MESSAGE_INVALID/);
});

test('text that is published with a history is refused with advice that fits', async () => {
  const { hub } = await startHub({ history: {} });
  const advice = expect.stringMatching(/^Publish .* with `history`, an object/);
  expect(() => hub.publish('x', 'text')).toThrow(expect.objectContaining({ code: 'REALTIME_MESSAGE_INVALID', advice }));
});

test('close sends what waits, closes every client with 1001 and leaves nothing', async () => {
  const { hub, server, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  hub.publish('x', { last: 'words' });
  await hub.close({ deadlineMs: 2_000 });
  expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' });
  expect(await client.messages(1)).toEqual([{ last: 'words' }]);
  expect(hub.stats()).toMatchObject({ connections: 0, channels: 0 });
  expect(server.listenerCount('upgrade')).toBe(0);
  expect(() => hub.publish('x', {})).toThrow(/^REALTIME_CLOSED/);
});

test('bad options are named', () => {
  expect(() => realtimeHub({ limits: { maxConnections: 0 } })).toThrow(/^OPTIONS_INVALID: limits.maxConnections/);
  expect(() => realtimeHub({ limits: { maxConections: 1 } as never })).toThrow(/limits.maxConections is not an option/);
  expect(() => realtimeHub({ heartbeat: { intervalMs: 10, timeoutMs: 10 } })).toThrow(/heartbeat.timeoutMs/);
});
