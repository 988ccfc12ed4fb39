import { randomUUID } from 'node:crypto';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { openLog } from '../src/http/log.js';
import { call } from './support/answers.js';
import { follow, SECRET, startRealtime, tokenFor } from './support/realtime.js';

const database = useDatabase();
const id = randomUUID();

const signed = (claims: object, secret = SECRET, alg = 'HS256') =>
  new SignJWT({ sub: 'ada', email: 'ada@example.com', ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
const unsigned = () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: 'ada', exp: 4_000_000_000 })}.`;
};

describe('who may follow', () => {
  test('a token that is missing, forged, of another key or expired is answered 401', async () => {
    const { url } = await startRealtime(database.url);
    const bad = [
      undefined,
      'x.y.z',
      unsigned(),
      await signed({}, 'another-secret-that-has-33-bytes!'),
      await signed({}, SECRET.repeat(2), 'HS512'),
      await tokenFor('ada', undefined, -10),
      await signed({ aud: 'billing' }),
      await signed({ aud: ['billing', 'mail'] }),
    ];
    for (const token of bad) expect((await follow(url, `/ws/${id}`, token)).status).toBe(401);
    for (const token of bad) expect((await follow(url, `/ws/${id}?token=${token ?? ''}`, undefined)).status).toBe(401);
    const good = await tokenFor();
    expect((await follow(url, `/ws/${id}`, good)).socket.protocol).toBe('bearer');
    expect((await follow(url, `/ws/${id}?token=${good}`, undefined)).status).toBe(101);
  });

  test('a token for one document opens its channel and no other', async () => {
    const { url } = await startRealtime(database.url);
    const token = await tokenFor('ada', id);
    expect((await follow(url, `/ws/${id}`, token)).status).toBe(101);
    expect((await follow(url, `/ws/${id.toUpperCase()}`, token)).status).toBe(101);
    expect((await follow(url, `/ws/${randomUUID()}`, token)).status).toBe(403);
    expect((await follow(url, '/ws?channel=documents', token)).status).toBe(403);
    const strange = await signed({ document_id: { not: 'a text' } });
    expect((await follow(url, `/ws/${id}`, strange)).status).toBe(403);
  });

  test('what is no channel is a 404', async () => {
    const { url } = await startRealtime(database.url);
    const token = await tokenFor();
    for (const path of ['/ws', '/ws?channel=secrets', '/ws/nothing', `/ws/${id}/more`, `/ws?channel=document:${id}`]) {
      expect((await follow(url, path, token)).status, path).toBe(404);
    }
  });

  test('pages of other sites may not connect, unless they are named', async () => {
    const { url } = await startRealtime(database.url, { allowedOrigins: ['https://app.example'] });
    const from = async (origin: string) => (await follow(url, `/ws/${id}`, await tokenFor(), { origin })).status;
    expect(await from('https://evil.example')).toBe(403);
    expect(await from('https://app.example')).toBe(101);
    expect(await from(url)).toBe(101);
  });

  test('under a name that was made to point here no token is good, on this port of its own', async () => {
    const { url } = await startRealtime(database.url, { allowedHosts: ['docs.example'] });
    const under = async (host: string) =>
      (await follow(url, `/ws/${id}`, await tokenFor(), { headers: { host }, origin: `http://${host}` })).status;
    expect(await under('rebound.example')).toBe(401);
    expect(await under('docs.example')).toBe(101);
    expect(await under('localhost')).toBe(101);
  });

  test('a token that expires closes with 4401, unless it is refreshed by one of the same user', {
    timeout: 60_000,
  }, async () => {
    const { url } = await startRealtime(database.url);
    const brief = await tokenFor('ada', undefined, 5);
    const [left, renewed, foreign] = await Promise.all([1, 2, 3].map(() => follow(url, `/ws/${id}`, brief)));
    renewed?.socket.send(JSON.stringify({ type: 'refresh', token: await tokenFor() }));
    foreign?.socket.send(JSON.stringify({ type: 'refresh', token: await tokenFor('grace') }));
    expect(await renewed?.seen(2)).toMatchObject([{}, { type: 'refreshed', expires_at: expect.any(String) }]);
    expect(await foreign?.seen(2)).toMatchObject([{}, { type: 'error', message: 'Refresh refused' }]);
    expect(await left?.closed).toBe(4401);
    expect(await foreign?.closed).toBe(4401);
    expect(renewed?.socket.readyState).toBe(1);
  });

  test('no service without a secret of 32 bytes', async () => {
    for (const secret of ['', 'hunter2', undefined as never]) {
      const error = await startRealtime(database.url, { secret }).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
      expect(String(error)).toMatch(/secret/);
      expect(String(error)).not.toContain('hunter2');
    }
  });
});

describe('GET /auth/token', () => {
  const path = '/auth/token?user_id=ada&email=ada%40example.com';

  test('is not there unless it is switched on', async () => {
    const { url } = await startRealtime(database.url);
    expect((await call(`${url}${path}`, 'GET')).status).toBe(404);
  });

  test('gives a token that opens the feeds', async () => {
    const { url } = await startRealtime(database.url, { tokenHelper: 'on' });
    const { status, body, headers } = await call(`${url}${path}`, 'GET');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      user_id: 'ada',
      email: 'ada@example.com',
    });
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString());
    expect(claims).toEqual({ sub: 'ada', email: 'ada@example.com', iat: expect.any(Number), exp: claims.iat + 3_600 });
    const client = await follow(url, `/ws/${id}`, body.access_token);
    expect((await client.seen(1))[0].data).toMatchObject({ user_id: 'ada', email: 'ada@example.com' });

    const one = (await call(`${url}${path}&document_id=${id}`, 'GET')).body.access_token;
    expect((await follow(url, '/ws?channel=documents', one)).status).toBe(403);
  });

  test('asks for a user and an e-mail address', async () => {
    const { url } = await startRealtime(database.url, { tokenHelper: 'on' });
    const { status, body } = await call(`${url}/auth/token?user_id=&email=ada`, 'GET');
    expect(status).toBe(422);
    expect(body.detail.map(({ loc }: { loc: string[] }) => loc)).toEqual([
      ['query', 'user_id'],
      ['query', 'email'],
    ]);
  });

  test('for the loopback only: another address and another name get none', async () => {
    const { url } = await startRealtime(database.url, { tokenHelper: 'loopback', trustedProxies: ['127.0.0.1'] });
    expect((await call(`${url}${path}`, 'GET')).status).toBe(200);
    const { status, body } = await call(`${url}${path}`, 'GET', undefined, { 'x-forwarded-for': '198.51.100.7' });
    expect([status, body]).toEqual([403, { detail: 'Tokens are given to this machine only' }]);
    const { service } = await startRealtime(database.url, { tokenHelper: 'loopback' });
    const elsewhere = await service.app.inject({ url: path, headers: { host: 'rebound.example' } });
    expect(elsewhere.statusCode).toBe(403);
  });

  test('for the loopback only: a proxy of this machine gets none for others', async () => {
    const { url } = await startRealtime(database.url, { tokenHelper: 'loopback' });
    const status = async (headers: Record<string, string>) =>
      (await call(`${url}${path}`, 'GET', undefined, headers)).status;
    expect(await status({ 'x-forwarded-for': '198.51.100.7' })).toBe(403);
    expect(await status({ 'x-forwarded-for': '127.0.0.1, 198.51.100.7' })).toBe(403);
    expect(await status({ 'x-forwarded-for': 'unknown' })).toBe(403);
    expect(await status({ forwarded: 'for=198.51.100.7' })).toBe(403);
    expect(await status({ 'x-real-ip': '198.51.100.7' })).toBe(403);
    expect(await status({ via: '1.1 proxy' })).toBe(403);
    // As the development server of the page sends it.
    for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      expect(await status({ 'x-forwarded-for': own })).toBe(200);
  });
});

test('ping is answered, bad JSON is too, and the connection lives', async () => {
  const { url } = await startRealtime(database.url);
  const client = await follow(url, `/ws/${id}`, await tokenFor());
  client.socket.send('{"type":"ping"}');
  client.socket.send('{');
  client.socket.send('{"type":"ping"}');
  const pong = { type: 'pong', timestamp: expect.stringMatching(/Z$/) };
  expect((await client.seen(4)).slice(1)).toEqual([pong, { type: 'error', message: 'Invalid JSON' }, pong]);
});

test('presence for those who ask for it, of documents', async () => {
  const { url } = await startRealtime(database.url);
  const ada = await follow(url, `/ws/${id}?presence=1`, await tokenFor());
  const grace = await follow(url, `/ws/${id}?presence=1`, await tokenFor('grace'));
  await follow(url, `/ws/${id}`, await tokenFor('alan'));
  await follow(url, '/ws?channel=documents&presence=1', await tokenFor('mary'));
  await ada.seen(3);
  grace.socket.close();
  await ada.seen(4);
  const member = (name: string) => ({ id: name, info: { email: `${name}@example.com` }, since: expect.any(String) });
  expect(ada.messages.slice(1).map(({ type, data }) => [type, data])).toEqual([
    ['presence.state', { channel: `document:${id}`, members: [member('ada')], total: 1 }],
    ['presence.joined', { channel: `document:${id}`, member: member('grace') }],
    ['presence.left', { channel: `document:${id}`, member: { id: 'grace' } }],
  ]);
});

test('stats and metrics count what is there, and it is ready', async () => {
  const { url } = await startRealtime(database.url);
  const stats = async () => (await call(`${url}/stats`, 'GET')).body;
  expect(await stats()).toEqual({ connections: 0, channels: 0, sent: 0, dropped: 0 });
  const client = await follow(url, `/ws/${id}`, await tokenFor());
  await client.seen(1);
  expect(await stats()).toEqual({ connections: 1, channels: 1, sent: 1, dropped: 0 });
  expect((await call(`${url}/metrics`, 'GET')).text).toContain('\nrealtime_connections 1\n');
  expect((await call(`${url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
  client.socket.close();
  await waitFor(async () => (await stats()).connections === 0, { what: 'the end of the connection' });
  expect((await call(`${url}/documents/${id}/activity`, 'GET')).body).toMatchObject({ events: [] });
  expect((await call(`${url}/documents/x/activity?limit=0`, 'GET')).status).toBe(422);
});

test('an oversized frame closes with 1009, and others do not notice', async () => {
  const { url } = await startRealtime(database.url);
  const good = await follow(url, `/ws/${id}`, await tokenFor());
  const bad = await follow(url, `/ws/${id}`, await tokenFor());
  bad.socket.send('x'.repeat(65_537));
  expect(await bad.closed).toBe(1009);
  good.socket.send('{"type":"ping"}');
  await good.seen(2);
});

test('neither tokens nor the secret are in the log', async () => {
  const lines: string[] = [];
  const log = openLog({ level: 'trace', stream: { write: (line: string) => void lines.push(line) } });
  const { url } = await startRealtime(database.url, { log, tokenHelper: 'on' });
  const { access_token } = (await call(`${url}/auth/token?user_id=a&email=a%40example.com`, 'GET')).body;
  await follow(url, `/ws/${id}?token=${access_token}`, undefined);
  await follow(url, `/ws/nothing?token=${access_token}`, undefined);
  await follow(url, `/ws/${id}?token=${unsigned()}`, undefined);
  await waitFor(() => lines.filter((line) => line.includes('"status":4')).length === 2, { what: 'the lines' });
  expect(lines.join('')).toContain('"path":"/ws/nothing"');
  for (const secret of [access_token, access_token.split('.')[2], SECRET, unsigned()]) {
    expect(lines.join('')).not.toContain(secret);
  }
});
