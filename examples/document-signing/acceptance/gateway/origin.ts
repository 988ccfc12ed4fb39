import { describe, expect, test } from 'vitest';
import { expectNoInside } from '../client/expect-422.js';
import { call, get, patch, post, remove } from '../client/http.js';
import { createDocument, eventually, newDocument, newSignature, newWord, unknownId } from '../client/samples.js';
import type { UnderTest } from '../system.js';

export function oneOrigin(system: UnderTest): void {
  const at = (path: string) => `${system().gateway}${path}`;

  describe('the gateway is one origin for all', () => {
    test('documents: create, list, read, content, stats, change, delete', async () => {
      const { status, body } = await post(at('/documents'), newDocument({ content: 'Grüße' }));
      expect(status).toBe(201);
      expect((await get(at('/documents?limit=1'))).body).toEqual([body]);
      expect((await get(at(`/documents/${body.id}`))).body).toEqual(body);
      expect((await get(at(`/documents/${body.id}/content`))).text).toBe('Grüße');
      expect((await get(at(`/documents/${body.id}/stats`))).body).toEqual({
        document_id: body.id,
        total_views: 1,
        unique_views: 1,
      });
      expect((await patch(at(`/documents/${body.id}`), { status: 'sent' }, { 'if-match': '1' })).body.version).toBe(2);
      expect((await patch(at(`/documents/${body.id}`), { status: 'sent' }, { 'if-match': '1' })).status).toBe(412);
      expect((await remove(at(`/documents/${body.id}`))).status).toBe(204);
      expect((await get(at(`/documents/${body.id}`))).body).toEqual({ detail: 'Document not found' });
    });

    test('signatures, and those of a document', async () => {
      const { id } = await createDocument(system);
      const { status, body } = await post(at('/signatures'), newSignature(id));
      expect(status).toBe(201);
      expect((await get(at(`/signatures/${body.id}`))).body).toEqual(body);
      expect((await get(at(`/documents/${id}/signatures`))).body).toEqual([body]);
      expect((await get(at('/signatures?limit=1'))).body.length).toBe(1);
    });

    test('search, suggest, aggregations', async () => {
      const word = newWord();
      const { id } = await createDocument(system, { title: word });
      await eventually(
        'the document',
        async () => (await get(at(`/search?q=${word}`))).body?.documents?.[0]?.id === id,
      );
      expect((await get(at(`/suggest?q=${word.slice(0, 6)}`))).status).toBe(200);
      expect((await get(at('/aggregations/status'))).body.field).toBe('status');
      expect((await get(at('/aggregations/x'))).status).toBe(400);
    });

    test('the token helper and the numbers of the realtime service', async () => {
      expect((await get(at('/auth/token?user_id=a&email=a@example.com'))).body.token_type).toBe('bearer');
      expect((await get(at('/stats'))).body).toMatchObject({ connections: expect.any(Number) });
    });

    test('the web page at /', async () => {
      const { status, headers, text } = await get(at('/'));
      expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/html/)]);
      expect(text).toMatch(/<!doctype html>/i);
    });

    test('the answers to wrong input are those of the services', async () => {
      expect((await post(at('/documents'), {})).status).toBe(422);
      expect((await post(at('/signatures'), newSignature(unknownId()))).status).toBe(404);
      expect((await get(at('/search?q='))).status).toBe(422);
    });

    test('a path that nobody has is 404, in JSON, and no file of the machine', async () => {
      for (const path of [
        '/nothing',
        '/..%2f..%2fpackage.json',
        '/%2e%2e/%2e%2e/etc/passwd',
        '/documents/../../etc/passwd',
        '/.env',
      ]) {
        const answer = await get(at(path));
        expectNoInside(answer);
        expect([400, 404, 422], `${path}: ${answer.text.slice(0, 200)}`).toContain(answer.status);
        expect(answer.text).not.toMatch(/root:|"private": true/);
      }
    });
  });

  describe('every answer', () => {
    test('has a request id, another one each time; one that is given is kept, when it is harmless', async () => {
      const paths = ['/', '/documents', '/nothing', '/health/live', `/documents/${unknownId()}`, '/search?q=x'];
      const ids = [];
      for (const path of paths) ids.push((await get(at(path))).headers['x-request-id']);
      expect(ids.every((id) => typeof id === 'string' && id.length >= 8)).toBe(true);
      expect(new Set(ids).size).toBe(paths.length);
      const long = await get(at('/health/live'), { headers: { 'x-request-id': 'x'.repeat(5_000) } });
      expect(long.headers['x-request-id']?.length).toBeLessThan(1_000);
    });

    test('hides what it was made with', async () => {
      const { headers } = await get(at('/documents'));
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers['x-content-type-options']).toBe('nosniff');
    });
  });

  describe('other origins', () => {
    const origin = 'https://evil.example';

    test('a page of another origin may not read', async () => {
      for (const path of ['/documents', '/search?q=x', '/auth/token?user_id=a&email=a@example.com']) {
        const { headers } = await get(at(path), { headers: { origin } });
        expect([undefined, system().gateway]).toContain(headers['access-control-allow-origin']);
      }
    });

    test('nor does it get leave to write', async () => {
      const asked = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      };
      const { headers } = await call('OPTIONS', at('/documents'), { headers: asked });
      expect(headers['access-control-allow-origin']).not.toBe(origin);
      expect(headers['access-control-allow-origin']).not.toBe('*');
    });

    test('a form of another origin changes nothing', async () => {
      const word = newWord();
      const body = JSON.stringify(newDocument({ title: word }));
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        const headers = { origin, 'sec-fetch-site': 'cross-site', 'content-type': type };
        const answer = await call('POST', at('/documents'), { body, headers });
        expectNoInside(answer);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
      const titles = (await get(at('/documents?limit=5'))).body.map(({ title }: { title: string }) => title);
      expect(titles).not.toContain(word);
    });
  });

  test('a body above the limit is 413, or 422, and the gateway lives', { timeout: 120_000 }, async () => {
    const answer = await post(at('/signatures'), JSON.stringify({ signature_data: 'x'.repeat(80 * 1_048_576) })).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    // A server that has heard enough may close while the rest is still being sent.
    if (typeof answer === 'object') expect([413, 422]).toContain(answer.status);
    else expect(['ECONNRESET', 'EPIPE']).toContain(answer);
    expect((await get(at('/health/live'))).body).toEqual({ status: 'alive' });
  });
}
