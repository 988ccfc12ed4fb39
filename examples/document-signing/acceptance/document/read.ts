import { describe, expect, test } from 'vitest';
import { expect404, expect422, expectNoInside } from '../client/expect-422.js';
import { call, get, remove } from '../client/http.js';
import { createDocument, unknownId } from '../client/samples.js';
import type { UnderTest } from '../system.js';

export function readingDocuments(system: UnderTest): void {
  const at = (path: string) => `${system().document}/documents${path}`;

  describe('GET /documents', () => {
    test('newest first, by skip and limit', async () => {
      const made = [];
      for (let n = 0; n < 4; n += 1) made.unshift((await createDocument(system)).id);
      const ids = async (query: string) => (await get(at(query))).body.map(({ id }: { id: string }) => id);
      expect(await ids('?limit=4')).toEqual(made);
      expect(await ids('?skip=1&limit=2')).toEqual(made.slice(1, 3));
      expect((await ids('')).slice(0, 4)).toEqual(made);
    });

    test('without a limit 100 at most', async () => {
      const [plain, hundred] = await Promise.all([get(at('')), get(at('?limit=100'))]);
      expect(plain.body.length).toBeLessThanOrEqual(100);
      expect(hundred.body.length).toBe(plain.body.length);
    });

    test('each is a whole document', async () => {
      const made = await createDocument(system);
      expect((await get(at('?limit=1'))).body[0]).toEqual(made);
    });

    test('limit 1000 is taken, 1001 is 422', async () => {
      expect((await get(at('?limit=1000'))).status).toBe(200);
      expect422(await get(at('?limit=1001')), 'query', 'limit');
    });

    test.each([
      ['limit=-1', 'limit'],
      ['limit=x', 'limit'],
      ['limit=1.5', 'limit'],
      ['skip=-1', 'skip'],
      ['skip=x', 'skip'],
      ['skip=1e99', 'skip'],
    ])('422 for ?%s', async (query, name) => {
      expect422(await get(at(`?${query}`)), 'query', name);
    });

    test('far past the end there is nothing', async () => {
      expect((await get(at('?skip=1000000'))).body).toEqual([]);
    });
  });

  describe('GET /documents/{id}', () => {
    test('the document, as it was made', async () => {
      const made = await createDocument(system);
      const { status, body } = await get(at(`/${made.id}`));
      expect([status, body]).toEqual([200, made]);
    });

    test('an unknown id is 404 {"detail":"Document not found"}, everywhere', async () => {
      const id = unknownId();
      expect404(await get(at(`/${id}`)));
      expect404(await get(at(`/${id}/content`)));
      expect404(await get(at(`/${id}/stats`)));
      expect404(await call('PATCH', at(`/${id}`), { body: { title: 'x' } }));
      expect404(await remove(at(`/${id}`)));
    });

    test.each([
      'x',
      '1',
      'null',
      '..%2f..%2fetc%2fpasswd',
      '%00',
      "'; DROP TABLE documents.documents --",
      `${'a'.repeat(3_000)}`,
    ])('what is no id (%#) is 422 or 404, and never a 500', async (id) => {
      for (const rest of ['', '/content', '/stats']) {
        const answer = await get(at(`/${encodeURI(id)}${rest}`));
        expectNoInside(answer);
        expect([400, 404, 414, 422], answer.text).toContain(answer.status);
      }
    });

    test('what is no id is 422', async () => {
      const answer = await get(at('/not-an-id'));
      expect(answer.status).toBe(422);
      expect(answer.body.detail[0].loc[0]).toBe('path');
    });
  });

  describe('GET /documents/{id}/content', () => {
    test('the bytes, with their type', async () => {
      const content = 'Zeile 1\r\nЦена: 5 €\n\u{1F511}\n';
      const { id } = await createDocument(system, { content, content_type: 'text/plain; charset=utf-8' });
      const { status, text, headers } = await get(at(`/${id}/content`));
      expect([status, text]).toEqual([200, content]);
      expect(headers['content-type']).toMatch(/^text\/plain/);
    });

    test('content that is HTML does not run with the rights of this origin', async () => {
      const { id } = await createDocument(system, { content: '<script>alert(1)</script>', content_type: 'text/html' });
      const { headers } = await get(at(`/${id}/content`));
      const harmless =
        headers['content-disposition']?.startsWith('attachment') ||
        /sandbox/.test(headers['content-security-policy'] ?? '') ||
        !/html/.test(headers['content-type'] ?? '');
      expect(harmless, JSON.stringify(headers)).toBe(true);
    });
  });

  describe('DELETE /documents/{id}', () => {
    test('204, and it is gone with its content', async () => {
      const { id } = await createDocument(system);
      await get(at(`/${id}`)); // it is in the cache
      const { status, text } = await remove(at(`/${id}`));
      expect([status, text]).toEqual([204, '']);
      expect404(await get(at(`/${id}`)));
      expect404(await get(at(`/${id}/content`)));
      expect404(await get(at(`/${id}/stats`)));
      expect404(await remove(at(`/${id}`)));
    });
  });
}
