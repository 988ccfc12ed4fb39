import { describe, expect, test } from 'vitest';
import { call, get } from '../client/http.js';
import { createDocument, unknownId } from '../client/samples.js';
import type { Known, UnderTest } from '../system.js';

export function countingViews(system: UnderTest, known: Known): void {
  const stats = async (id: string) => {
    const { body } = await get(`${system().document}/documents/${id}/stats`);
    expect(Object.keys(body).sort()).toEqual(['document_id', 'total_views', 'unique_views']);
    expect(body.document_id).toBe(id);
    return [body.total_views, body.unique_views];
  };

  describe('GET /documents/{id}/stats', () => {
    test('a document that nobody has looked at has no views', async () => {
      const { id } = await createDocument(system);
      expect(await stats(id)).toEqual([0, 0]);
    });

    test('a view is a GET by id that found the document, and nothing else is', async () => {
      const { id } = await createDocument(system);
      for (let n = 0; n < 3; n += 1) await get(`${system().document}/documents/${id}`);
      await get(`${system().document}/documents/${id}/content`);
      await get(`${system().document}/documents?limit=5`);
      await get(`${system().document}/documents/${unknownId()}`);
      await call('PATCH', `${system().document}/documents/${id}`, { body: { title: 'x' } });
      expect(await stats(id)).toEqual([3, 1]);
    });

    test('views at the same time are all counted', async () => {
      const { id } = await createDocument(system);
      await Promise.all(Array.from({ length: 100 }, () => get(`${system().document}/documents/${id}`)));
      expect(await stats(id)).toEqual([100, 1]);
    });

    test('X-Forwarded-For of a peer that is no proxy makes nobody a second viewer', async () => {
      const { id } = await createDocument(system);
      for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3, 10.0.0.1', 'x', '']) {
        const headers = { 'x-forwarded-for': address, forwarded: `for=${address}`, 'x-real-ip': address };
        await get(`${system().gateway}/documents/${id}`, { headers });
      }
      expect(await stats(id)).toEqual([5, 1]);
    });

    if (!known.local) return;
    test('unique by client address, not by that of the gateway', async () => {
      const { id } = await createDocument(system);
      for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.2']) {
        expect((await get(`${system().gateway}/documents/${id}`, { from })).status).toBe(200);
      }
      expect(await stats(id)).toEqual([4, 3]);
    });

    test('the same client counts once, whether it comes by the gateway or past it', async () => {
      const { id } = await createDocument(system);
      await get(`${system().gateway}/documents/${id}`, { from: '127.0.0.1' });
      await get(`${system().document}/documents/${id}`, { from: '127.0.0.1' });
      expect(await stats(id)).toEqual([2, 1]);
    });
  });
}
