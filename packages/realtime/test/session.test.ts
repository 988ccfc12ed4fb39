import { expect, test } from 'vitest';
import { type Authenticate, type HubOptions, type Identity, jwtAuthentication } from '../src/index.js';
import { ExpiryClock } from '../src/token/expiry-clock.js';
import { Client, refusal, startHub, until } from './support/rig.js';
import { SECRET, seconds, token } from './support/tokens.js';

/** Clients may be in the channels that their token's `rooms` claim names. */
const start = (options: HubOptions = {}, authenticate: Authenticate = jwtAuthentication({ secret: SECRET })) =>
  startHub(options, {
    authenticate,
    authorize: async ({ claims }, channel) => (claims['rooms'] as string[] | undefined)?.includes(channel) ?? false,
  });

const refresh = (value: unknown) => JSON.stringify({ type: 'refresh', token: value });

test('a channel that is not one of its own is answered 403', async () => {
  const { url } = await start();
  const good = await token({ rooms: ['x', 'y'] });
  await Client.open(`${url}?channel=x&channel=y&token=${good}`);
  expect(await refusal(`${url}?channel=x&channel=z&token=${good}`)).toBe(403);
  expect(await refusal(`${url}?channel=x&token=${await token()}`)).toBe(403);
});

test('only `true` lets in', async () => {
  const { url } = await startHub(
    {},
    { authenticate: () => ({ subject: 'ada', claims: {} }), authorize: (() => 'yes') as never },
  );
  expect(await refusal(`${url}?channel=x`)).toBe(403);
});

test('authorize without authenticate is refused at construction', async () => {
  await expect(startHub({}, { authorize: () => true })).rejects.toThrow(/^OPTIONS_INVALID: authorize/);
});

test('a connection whose token expires is closed with 4401, and one without an end is not', {
  timeout: 20_000,
}, async () => {
  const { hub, url } = await startHub(
    {},
    {
      authenticate: (_, { searchParams }) => ({
        subject: 'ada',
        claims: {},
        ...(searchParams.has('for') ? { expiresAt: Date.now() + Number(searchParams.get('for')) } : {}),
      }),
    },
  );
  const brief = await Client.open(`${url}?for=300`);
  await Client.open(url);
  await Client.open(`${url}?for=${10 * 365 * 86_400_000}`);
  expect(await brief.closed).toEqual({ code: 4401, reason: 'token expired' });
  await until(() => hub.stats().connections === 2);
});

test('a refresh puts the end off, and the connection outlives its first token; one that is refused does not', {
  timeout: 20_000,
}, async () => {
  const { url } = await start();
  const exp = seconds(3_600);
  const brief = await token({ rooms: ['x'], exp: seconds(4) });
  const client = await Client.open(`${url}?channel=x&token=${brief}`);
  const other = await Client.open(`${url}?channel=x&token=${brief}`);
  client.ws.send(refresh(await token({ rooms: ['x'], exp })));
  expect(await client.messages(1)).toEqual([{ type: 'refreshed', expires_at: new Date(exp * 1_000).toISOString() }]);
  other.ws.send(refresh(await token({ sub: 'grace', rooms: ['x'], exp })));
  expect((await other.closed).code).toBe(4401);
  expect(client.ws.readyState).toBe(client.ws.OPEN);
});

test.each<[string, () => unknown]>([
  ['of another subject', () => token({ sub: 'grace', rooms: ['x'] })],
  ['that is not allowed the channel', () => token({ rooms: ['y'] })],
  ['that has expired', () => token({ rooms: ['x'], exp: seconds(-1) })],
  ['of another key', () => token({ rooms: ['x'] }, { key: Buffer.from('another-secret-of-32-bytes-12345') })],
  ['that is no text', () => 7],
])('a refresh by a token %s changes nothing', async (_, make) => {
  const { url } = await start();
  const client = await Client.open(`${url}?channel=x&token=${await token({ rooms: ['x'] })}`);
  client.ws.send(refresh(await make()));
  expect(await client.messages(1)).toEqual([{ type: 'error', message: 'Refresh refused' }]);
});

test('a refresh that cannot be checked now leaves everything as it was', async () => {
  const ada: Identity = { subject: 'ada', claims: { rooms: ['x'] } };
  let behaviour: () => Promise<Identity> = () => Promise.reject(new Error('keys are down'));
  const { url } = await start(
    { limits: { handshakeTimeoutMs: 100 } },
    Object.assign(() => ada, { verify: () => behaviour() }),
  );
  const client = await Client.open(`${url}?channel=x`);
  client.ws.send(refresh('a'));
  await client.messages(1);
  behaviour = () => new Promise(() => undefined);
  client.ws.send(refresh('b'));
  client.ws.send(refresh('c'));
  await client.messages(3);
  behaviour = async () => ada;
  client.ws.send(refresh('d'));
  expect(await client.messages(4)).toEqual([
    { type: 'error', message: 'Refresh not possible now' },
    { type: 'error', message: 'Refresh refused' },
    { type: 'error', message: 'Refresh not possible now' },
    { type: 'refreshed', expires_at: null },
  ]);
});

test('without a way to verify it, a refresh is an unknown message', async () => {
  const { url } = await startHub({}, { authenticate: () => ({ subject: 'ada', claims: {} }) });
  const client = await Client.open(url);
  client.ws.send(refresh('a'));
  expect(await client.messages(1)).toEqual([{ type: 'error', message: 'Unknown message type' }]);
});

test('one clock ends everything at its time, also years ahead, and when the time of day jumps', () => {
  let now = 1_000_000;
  const clock = new ExpiryClock(() => now);
  const ended: string[] = [];
  const item = (name: string) => ({ expire: () => ended.push(name) });
  const moved = item('moved');
  const removed = item('removed');
  clock.put(item('soon'), now + 1_500);
  clock.put(item('in 30 years'), now + 30 * 365 * 86_400_000);
  clock.put(moved, now + 1_500);
  clock.put(moved, now + 60_000);
  clock.put(removed, now + 1_500);
  clock.put(item('over already'), now - 60_000);
  clock.remove(removed);
  clock.remove(removed);
  const tickAt = (time: number) => {
    now = time;
    clock.tick();
    return ended.splice(0);
  };
  expect(tickAt(now + 1_400)).toEqual(['over already']);
  expect(tickAt(now + 600)).toEqual(['soon']);
  expect(tickAt(now - 500_000)).toEqual([]);
  clock.put(item('after the clock was set back'), now + 1_000);
  expect(tickAt(now + 2_000)).toEqual(['after the clock was set back']);
  expect(tickAt(now + 25 * 86_400_000)).toEqual(['moved']);
  expect(tickAt(now + 30 * 365 * 86_400_000)).toEqual(['in 30 years']);
});
