import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { isComponentError } from '@sluice/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { type JwtAuthenticationOptions, jwtAuthentication, type Refusal } from '../src/index.js';
import { Client, refusal, startHub } from './support/rig.js';
import { keyPair, SECRET, seconds, signedByHand, swapPayload, token, unsignedToken } from './support/tokens.js';

const withTokens = (options: Partial<JwtAuthenticationOptions> = { secret: SECRET }) =>
  startHub({}, { authenticate: jwtAuthentication(options), welcome: (_, __, { identity }) => identity });

test('a token is taken from the subprotocol, the header or the address; the answer names `bearer`, never the token', async () => {
  const { url } = await withTokens();
  const good = await token({ email: 'ada@example.com' });
  const clients = [
    await Client.open(`${url}?token=${good}`),
    await Client.open(url, { headers: { authorization: `Bearer ${good}` } }),
    await Client.open(url, { protocols: ['bearer', good] }),
  ];
  for (const client of clients) {
    const [identity] = await client.messages(1);
    expect(identity).toMatchObject({ subject: 'ada', claims: { email: 'ada@example.com' } });
    expect((identity as { expiresAt: number }).expiresAt).toBeGreaterThan(Date.now());
  }
  expect(clients[2]?.ws.protocol).toBe('bearer');
});

const other = keyPair();
/** Good in all but what the test says. */
const ours: typeof token = (claims, options) => token({ aud: 'here', iss: 'us', ...claims }, options);

test.each<[string, () => string | Promise<string>]>([
  ['none', () => ''],
  ['not a token', () => 'a.b.c'],
  ['alg none', () => unsignedToken({ aud: 'here', iss: 'us' })],
  ['alg None, with a capital', () => unsignedToken({ aud: 'here', iss: 'us' }, 'None')],
  ['signed with another secret', () => ours({}, { key: Buffer.from('another-secret-of-32-bytes-12345') })],
  ['signed with the secret by another algorithm', () => signedByHand({ aud: 'here', iss: 'us' }, { alg: 'HS512' })],
  ['signed with a key pair', () => ours({}, { key: other.privateKey, alg: 'ES256' })],
  ['expired', () => ours({ exp: seconds(-1) })],
  ['not valid yet', () => ours({ nbf: seconds(60) })],
  ['without an expiry', () => ours({ exp: undefined })],
  ['without a subject', () => ours({ sub: undefined })],
  ['with an empty subject', () => ours({ sub: '' })],
  ['for another audience', () => ours({ aud: 'elsewhere' })],
  ['for no audience', () => ours({ aud: undefined })],
  ['of another issuer', () => ours({ iss: 'them' })],
  ['too long', () => ours({ long: 'x'.repeat(9_000) })],
  ['changed after it was signed', async () => swapPayload(await ours(), await ours({ sub: 'grace' }))],
  ['cut off before its signature', async () => (await ours()).replace(/[^.]+$/, '')],
  ['in need of an extension', () => signedByHand({ aud: 'here', iss: 'us' }, { alg: 'HS256', crit: ['x'], x: 1 })],
])('a token that is %s is answered 401, and not why', async (_, make) => {
  const refusals: Refusal[] = [];
  const { url } = await startHub(
    {},
    {
      authenticate: jwtAuthentication({ secret: SECRET, audience: 'here', issuer: ['us'] }),
      onRefused: (refused) => refusals.push(refused),
    },
  );
  expect(await refusal(`${url}?token=${await make()}`)).toBe(401);
  expect(refusals).toEqual([{ status: 401, detail: 'Not authenticated' }]);
  await Client.open(`${url}?token=${await ours({ aud: ['elsewhere', 'here'] })}`);
  await Client.open(`${url}?token=${signedByHand({ aud: 'here', iss: 'us' }, { alg: 'HS256' })}`);
});

test('clocks may differ by as much as allowed', async () => {
  const { url } = await withTokens({ secret: SECRET, clockToleranceS: 60 });
  await Client.open(`${url}?token=${await token({ exp: seconds(-30), nbf: seconds(30) })}`);
  expect(await refusal(`${url}?token=${await token({ exp: seconds(-90) })}`)).toBe(401);
});

test.each(['rsa', 'ec'] as const)('a public key of the kind %s verifies, and is no secret for HS256', async (kind) => {
  const { publicKey, privateKey } = keyPair(kind);
  const alg = kind === 'rsa' ? 'RS256' : 'ES256';
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { url } = await withTokens({ publicKey: pem, algorithms: [alg] });
  await Client.open(`${url}?token=${await token({}, { key: privateKey, alg })}`);
  expect(await refusal(`${url}?token=${await token({}, { key: Buffer.from(pem) })}`)).toBe(401);
  expect(() => jwtAuthentication({ publicKey: pem, algorithms: ['HS256'] })).toThrow(/^OPTIONS_INVALID: algorithms/);
});

test('keys are fetched from their address, and while they cannot be, handshakes are answered 503', async () => {
  const { publicKey, privateKey } = keyPair();
  let up = false;
  const keys = createServer((_, response) => {
    if (!up) response.writeHead(500).end();
    else response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }));
  });
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void keys.close());
  const refusals: Refusal[] = [];
  const jwks = new URL(`http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`);
  const { url } = await startHub(
    {},
    {
      authenticate: jwtAuthentication({ jwks, algorithms: ['ES256'] }),
      onRefused: (refused) => refusals.push(refused),
    },
  );
  const good = await token({}, { key: privateKey, alg: 'ES256', kid: 'one' });
  expect(await refusal(`${url}?token=${good}`)).toBe(503);
  expect(refusals[0]?.error).toMatchObject({ code: 'REALTIME_KEYS_UNREACHABLE', retry: 'backoff' });
  up = true;
  await Client.open(`${url}?token=${good}`);
  expect(await refusal(`${url}?token=${await token({}, { key: privateKey, alg: 'ES256', kid: 'two' })}`)).toBe(401);
});

test('a set of keys may be given as it is', async () => {
  const { publicKey, privateKey } = keyPair();
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] as never;
  const { url } = await withTokens({ jwks: { keys }, algorithms: ['ES256'] });
  await Client.open(`${url}?token=${await token({}, { key: privateKey, alg: 'ES256', kid: 'one' })}`);
});

test.each<[string, JwtAuthenticationOptions, RegExp]>([
  ['no key', {}, /^OPTIONS_INVALID: secret/],
  ['two keys', { secret: SECRET, publicKey: 'x' }, /^OPTIONS_INVALID: secret/],
  ['a short secret', { secret: 'hunter2' }, /^OPTIONS_INVALID: secret must have at least 32 bytes/],
  [
    'a secret too short for one of its algorithms',
    { secret: SECRET, algorithms: ['HS256', 'HS512'] },
    /at least 64 bytes/,
  ],
  ['alg none', { secret: SECRET, algorithms: ['none'] }, /^OPTIONS_INVALID: algorithms/],
  ['no algorithm', { secret: SECRET, algorithms: [] }, /^OPTIONS_INVALID: algorithms/],
  ['a public key without algorithms', { publicKey: 'x' }, /^OPTIONS_INVALID: algorithms/],
  ['what is no key', { publicKey: 'hunter2', algorithms: ['ES256'] }, /^OPTIONS_INVALID: publicKey/],
  ['an empty audience', { secret: SECRET, audience: [] }, /^OPTIONS_INVALID: audience/],
  ['a tolerance without end', { secret: SECRET, clockToleranceS: 86_400 }, /^OPTIONS_INVALID: clockToleranceS/],
])('%s is refused at construction, without showing the key', (_, options, message) => {
  let error: unknown;
  try {
    jwtAuthentication(options);
  } catch (thrown) {
    error = thrown;
  }
  expect(isComponentError(error)).toBe(true);
  expect((error as Error).message).toMatch(message);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/hunter2|a-secret/);
});

test('neither the hub nor what authenticates shows the secret', async () => {
  const authenticate = jwtAuthentication({ secret: SECRET });
  const { hub } = await startHub({}, { authenticate });
  for (const thing of [authenticate, hub]) {
    expect(inspect(thing, { depth: 20, showHidden: true })).not.toContain(SECRET);
    expect(JSON.stringify(thing) ?? '').not.toContain(SECRET);
  }
});
