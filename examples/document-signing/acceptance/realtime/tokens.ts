import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Feed } from '../client/feed.js';
import { createDocument } from '../client/samples.js';
import type { Known, UnderTest } from '../system.js';

/** Tokens that somebody made, other than the helper. */
export function tokens(system: UnderTest, { jwtSecret }: Known): void {
  const claims = { sub: 'ada', email: 'ada@example.com' };
  const make = (given: JWTPayload, secret: string, alg = 'HS256') =>
    new SignJWT({ iat: Math.floor(Date.now() / 1_000), ...claims, ...given })
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret));
  const later = () => Math.floor(Date.now() / 1_000) + 3_600;
  const secretOf = () => system().jwtSecret ?? '';

  async function mustBeRefused(token: string): Promise<void> {
    const { id } = await createDocument(system);
    const feed = await Feed.connect(system, { path: `/ws/${id}`, token });
    expect([1008, 401]).toContain(await feed.ended);
    expect(feed.messages.filter(({ type }) => type === 'connection.established')).toEqual([]);
  }

  describe('tokens', () => {
    test('alg none is refused', () => mustBeRefused(new UnsecuredJWT({ ...claims, exp: later() }).encode()));

    test('another key is refused', async () => {
      await mustBeRefused(await make({ exp: later() }, 'another secret of some forty characters!'));
    });

    if (!jwtSecret) return;
    test('one that is good is taken', async () => {
      const { id } = await createDocument(system);
      const token = await make({ exp: later() }, secretOf());
      const feed = await Feed.open(system, { path: `/ws/${id}`, token });
      expect(feed.messages[0]).toMatchObject({ type: 'connection.established', data: { user_id: 'ada' } });
    });

    test.each([
      ['an expired one', { exp: 1_600_000_000 }, 'HS256'],
      ['one without a subject', { sub: undefined }, 'HS256'],
      ['one of another algorithm of the same secret', {}, 'HS512'],
    ])('%s is refused', async (_, given, alg) => {
      await mustBeRefused(await make({ exp: later(), ...given } as JWTPayload, secretOf(), alg));
    });

    test('one that never ends is refused', async () => mustBeRefused(await make({}, secretOf())));

    test('one that expires closes the connection with 4401', async () => {
      const { id } = await createDocument(system);
      const token = await make({ exp: Math.floor(Date.now() / 1_000) + 3 }, secretOf());
      const feed = await Feed.open(system, { path: `/ws/${id}`, token });
      expect(await feed.ended).toBe(4401);
    });
  });
}
