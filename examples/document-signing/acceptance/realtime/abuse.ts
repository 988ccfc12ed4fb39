import { describe, expect, test } from 'vitest';
import { Feed, token } from '../client/feed.js';
import { get } from '../client/http.js';
import { createDocument, unknownId } from '../client/samples.js';
import type { UnderTest } from '../system.js';

/** What a client may not do to the realtime service. */
export function abuse(system: UnderTest): void {
  describe('WebSockets of clients that mean harm', () => {
    test('a frame of a megabyte closes the connection, and nobody else is hurt', async () => {
      const { id } = await createDocument(system);
      const [bad, good] = [
        await Feed.open(system, { path: `/ws/${id}` }),
        await Feed.open(system, { path: `/ws/${id}` }),
      ];
      bad.send(JSON.stringify({ type: 'x'.repeat(1_048_576) }));
      expect(await bad.ended).toBeGreaterThanOrEqual(1_000);
      good.send({ type: 'ping' });
      await good.until('pong', (messages) => messages.some(({ type }) => type === 'pong'));
    });

    test.each(['/ws/', '/ws/not-an-id', '/ws', '/ws?channel=', '/ws?channel=secrets', '/ws/..%2f..', '/other'])(
      'a path that is no feed, %s, is refused',
      async (path) => {
        const feed = await Feed.connect(system, { path });
        await feed.ended;
        expect(feed.events).toEqual([]);
      },
    );

    test.each(['-1', 'x', '1e400', '9'.repeat(40), '%00'])(
      'an offset that is none, %s, does no harm',
      async (offset) => {
        const { id } = await createDocument(system);
        const feed = await Feed.connect(system, { path: `/ws/${id}`, offset });
        await Promise.race([feed.ended, feed.until('an answer', (messages) => messages.length > 0)]);
        expect((await get(`${system().realtime}/health/ready`)).status).toBe(200);
      },
    );

    test('a page of another origin may not connect', async () => {
      const { id } = await createDocument(system);
      const feed = await Feed.connect(system, { path: `/ws/${id}`, origin: 'https://evil.example' });
      expect([401, 403, 1008]).toContain(await feed.ended);
      expect(feed.messages).toEqual([]);
    });

    test('a document that there is not tells nothing', async () => {
      const given = await token(system);
      const feed = await Feed.connect(system, { path: `/ws/${unknownId()}`, offset: 0, token: given });
      await Promise.race([feed.ended, feed.until('an answer', (messages) => messages.length > 0)]);
      expect(feed.events).toEqual([]);
    });
  });
}
