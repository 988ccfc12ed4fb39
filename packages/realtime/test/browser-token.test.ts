import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  connectRealtime,
  type Present,
  type RealtimeOptions,
  type WebSocketConstructor,
} from '../src/browser/index.js';
import { expiryOf } from '../src/browser/token.js';
import { jwtAuthentication } from '../src/index.js';
import { Client, startHub, until } from './support/rig.js';
import { SECRET, seconds, token } from './support/tokens.js';

const startWithTokens = (port = 0) =>
  startHub(
    { presence: { graceMs: 50 } },
    {
      authenticate: jwtAuthentication({ secret: SECRET }),
      presence: ({ subject }) => ({ info: subject.toUpperCase(), watch: true }),
    },
    port,
  );

function connect(url: string, options: Partial<RealtimeOptions>) {
  const seen: string[] = [];
  const messages: unknown[] = [];
  const client = connectRealtime({
    url: `${url}?channel=x`,
    onMessage: (message) => messages.push(message),
    onState: (state) => seen.push('code' in state ? `${state.status} ${state.code}` : state.status),
    WebSocket: WebSocket as unknown as WebSocketConstructor,
    backoff: { minMs: 20, maxMs: 50 },
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, seen, messages };
}

test('a token is refreshed over the open connection, which outlives it', { timeout: 30_000 }, async () => {
  const { url, hub } = await startWithTokens();
  const lives = [6, 3_600, 3_600];
  let asked = 0;
  const { client, seen } = connect(url, {
    token: () => token({ exp: seconds(lives[asked++] as number) }),
    onPresence: () => undefined,
  });
  await until(() => client.state.status === 'open');
  await until(() => asked === 2);
  await until(() => hub.stats().received === 1);
  // One whose token is not refreshed ends later than this one would have.
  const brief = await token({ sub: 'brief', exp: seconds(3) });
  const other = await Client.open(`${url}?channel=x`, { protocols: ['bearer', brief] });
  expect((await other.closed).code).toBe(4401);
  expect(seen).toEqual(['connecting', 'open']);
});

test('a connection that was closed because its token ended comes back at once with a new one', {
  timeout: 30_000,
}, async () => {
  const { url } = await startWithTokens();
  let asked = 0;
  const { client, seen } = connect(url, {
    token: () => {
      asked += 1;
      if (asked === 2) throw new Error('no tokens now');
      return token({ exp: seconds(asked === 1 ? 4 : 3_600) });
    },
    stableMs: 100,
    onPresence: () => undefined,
  });
  await until(() => client.state.status === 'open');
  await until(() => seen.includes('waiting 4401'));
  await until(() => client.state.status === 'open');
  expect(seen).toEqual(['connecting', 'open', 'waiting 4401', 'connecting', 'open']);
});

test('without a token that is good it goes on trying', async () => {
  const { url } = await startWithTokens();
  let asked = 0;
  const { client } = connect(url, {
    token: async () => {
      asked += 1;
      if (asked === 1) throw new Error('no tokens now');
      return asked === 2 ? 'bad' : token();
    },
  });
  await until(() => client.state.status === 'open');
  expect(asked).toBe(3);
});

test('the page is told who is there, also after a loss', async () => {
  const first = await startWithTokens();
  const told: Present[] = [];
  const { client, messages } = connect(first.url, {
    token: () => token(),
    onPresence: (present) => told.push(present),
  });
  await until(() => told.length === 1);
  const other = connect(first.url, { token: () => token({ sub: 'grace' }) });
  await until(() => told.length === 2);
  other.client.close();
  await until(() => told.length === 3);
  expect(told.map(({ members, total }) => [members.map(({ info }) => info), total])).toEqual([
    [['ADA'], 1],
    [['ADA', 'GRACE'], 2],
    [['ADA'], 1],
  ]);
  await first.stop();
  await startWithTokens(first.port);
  await until(() => client.state.status === 'open' && told.length === 4);
  expect(told[3]).toMatchObject({ channel: 'x', members: [{ id: 'ada' }], total: 1 });
  expect(messages).toEqual([]);
  expect(other.messages).toMatchObject([{ type: 'presence.state' }]);
});

test('the end of a token is read from it, where it says so', async () => {
  const exp = seconds(60);
  expect(expiryOf(await token({ exp, name: 'Zoë ☃' }))).toBe(exp * 1_000);
  expect(expiryOf(await token({ exp: undefined }))).toBeUndefined();
  for (const other of ['', 'opaque', 'a.b.c', 'a.bnVsbA.c']) expect(expiryOf(other)).toBeUndefined();
});
