import { describe, expect, test } from 'vitest';
import { call, get, post } from '../client/http.js';
import { newDocument } from '../client/samples.js';
import type { UnderTest } from '../system.js';

/** An origin that the system under test is told to let in. */
export const FRIEND = 'https://friend.example';

/** What depends on how the gateway is set up: with `FRIEND` as an allowed origin, and `perMinute` requests for each client. */
export function settings(system: UnderTest, perMinute: number): void {
  const at = (path: string) => `${system().gateway}${path}`;

  describe('CORS', () => {
    test('an origin that is allowed may ask first, and read', async () => {
      const asked = {
        origin: FRIEND,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,if-match',
      };
      const first = await call('OPTIONS', at('/documents'), { headers: asked });
      expect([200, 204]).toContain(first.status);
      expect(first.headers['access-control-allow-origin']).toBe(FRIEND);
      expect(first.headers['access-control-allow-methods']).toMatch(/PATCH/);
      expect(first.headers['access-control-allow-headers']?.toLowerCase()).toMatch(/if-match/);
      const { headers } = await get(at('/documents'), { headers: { origin: FRIEND } });
      expect(headers['access-control-allow-origin']).toBe(FRIEND);
      expect(headers['vary']?.toLowerCase()).toContain('origin');
    });

    test('it may write', async () => {
      const { status } = await post(at('/documents'), newDocument(), { headers: { origin: FRIEND } });
      expect(status).toBe(201);
    });

    test.each(['https://friend.example.evil.example', 'http://friend.example', 'null', 'https://evil-friend.example'])(
      'one that merely looks like it, %s, may not',
      async (origin) => {
        const { headers } = await get(at('/documents'), { headers: { origin } });
        expect(headers['access-control-allow-origin']).toBeUndefined();
      },
    );
  });

  describe('rate limit per client', () => {
    test('429 with Retry-After above it; other clients go on; a forged address is no other client', async () => {
      let refused: Awaited<ReturnType<typeof get>> | undefined;
      for (let n = 0; n < perMinute + 50 && refused === undefined; n += 1) {
        const answer = await get(at('/documents?limit=1'), {
          from: '127.0.0.9',
          headers: { 'x-forwarded-for': `192.0.2.${n % 250}` },
        });
        if (answer.status === 429) refused = answer;
        else expect(answer.status).toBe(200);
      }
      expect(refused?.status).toBe(429);
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused?.body).toEqual({ detail: expect.any(String) });
      expect(refused?.headers['x-request-id']).toBeTypeOf('string');
      expect((await get(at('/documents?limit=1'), { from: '127.0.0.8' })).status).toBe(200);
    });
  });
}
