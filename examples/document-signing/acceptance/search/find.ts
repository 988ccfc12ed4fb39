import { describe, expect, test } from 'vitest';
import { expect422, expectNoInside } from '../client/expect-422.js';
import { get, patch, remove } from '../client/http.js';
import { createDocument, eventually, found, misspelt, newWord, sign } from '../client/samples.js';
import type { UnderTest } from '../system.js';

const ENTRY = [
  'id',
  'title',
  'status',
  'created_by',
  'content_type',
  'content_size',
  'created_at',
  'updated_at',
  'version',
];

export function searching(system: UnderTest): void {
  const search = (query: Record<string, string>) => get(`${system().search}/search?${new URLSearchParams(query)}`);
  const finds = (q: string, ids: readonly string[], more: Record<string, string> = {}) =>
    eventually(`the search for ${q} to find ${ids.length}`, async () => {
      const now = await found(system, { q, ...more });
      return now.length === ids.length && now.every((id, at) => id === ids[at]) && now;
    });

  describe('GET /search', () => {
    test('{total, documents with score and highlights, took_ms, from, size}', async () => {
      const word = newWord();
      const made = await createDocument(system, { title: `A ${word} lease`, content: `About ${word}, and more` });
      await finds(word, [made.id]);
      const { body } = await search({ q: word });
      expect(body).toEqual({
        total: 1,
        documents: [expect.objectContaining({ id: made.id, title: made.title, score: expect.any(Number) })],
        took_ms: expect.any(Number),
        from: 0,
        size: 10,
      });
      const [entry] = body.documents;
      expect(Object.keys(entry)).toEqual(expect.arrayContaining([...ENTRY, 'score', 'highlights']));
      const { id, status, created_by, content_type, content_size, version } = made;
      expect(entry).toMatchObject({ id, status, created_by, content_type, content_size, version });
      expect(Date.parse(entry.created_at)).toBe(Date.parse(made.created_at));
      expect(entry.highlights).toEqual({ title: expect.any(Array), content: expect.any(Array) });
      expect(entry.highlights.title.join()).toContain(`<em>${word}</em>`);
      expect(entry.highlights.content.join()).toContain(`<em>${word}</em>`);
    });

    test('what is in the title or the content is no markup in a highlight but <em>', async () => {
      const word = newWord();
      const title = `<img src=x onerror=alert(1)> ${word}`;
      const made = await createDocument(system, { title, content: `<script>${word}</script>` });
      await finds(word, [made.id]);
      const [{ highlights }] = (await search({ q: word })).body.documents;
      for (const text of [...highlights.title, ...highlights.content]) {
        expect(text.replaceAll(/<\/?em>/g, '')).not.toMatch(/<(img|script)/);
      }
    });

    test('finds in spite of a typo, in the title and in the content', async () => {
      const [inTitle, inContent] = [newWord(), newWord()];
      const made = await createDocument(system, { title: `Of ${inTitle}`, content: `About ${inContent}` });
      await finds(inTitle, [made.id]);
      expect(await found(system, { q: misspelt(inTitle) })).toEqual([made.id]);
      expect(await found(system, { q: misspelt(inContent) })).toEqual([made.id]);
      expect(await found(system, { q: `${inTitle}s` })).toEqual([made.id]);
      expect(await found(system, { q: inTitle.toUpperCase() })).toEqual([made.id]);
    });

    test('the title weighs double', async () => {
      const word = newWord();
      const title = await createDocument(system, { title: `About ${word} today`, content: 'nothing to see here' });
      const content = await createDocument(system, { title: 'nothing to see', content: `About ${word} today` });
      await finds(word, [title.id, content.id]);
      const [first, second] = (await search({ q: word })).body.documents;
      expect(first.score).toBeGreaterThan(second.score);
    });

    test('ties newest first', async () => {
      const word = newWord();
      const made = [];
      for (let n = 0; n < 4; n += 1) made.unshift((await createDocument(system, { title: word, content: 'same' })).id);
      await finds(word, made);
    });

    test('from and size page without gaps or repetition; total counts all', async () => {
      const word = newWord();
      const made: string[] = [];
      for (let n = 0; n < 5; n += 1) made.unshift((await createDocument(system, { title: word, content: 'same' })).id);
      await finds(word, made);
      const pages = [];
      for (const from of [0, 2, 4]) {
        const { body } = await search({ q: word, from: String(from), size: '2' });
        expect(body).toMatchObject({ total: 5, from, size: 2 });
        pages.push(...body.documents.map(({ id }: { id: string }) => id));
      }
      expect(pages).toEqual(made);
      expect((await search({ q: word, from: '5' })).body).toMatchObject({ total: 5, documents: [] });
    });

    test('status, created_by and content_type filter, one and all', async () => {
      const word = newWord();
      const author = `${newWord()}@example.com`;
      const [a, b, c] = [
        await createDocument(system, { title: word, created_by: author }),
        await createDocument(system, { title: word, content_type: 'text/markdown' }),
        await createDocument(system, { title: word, created_by: author, content_type: 'text/markdown' }),
      ];
      await sign(system, a.id);
      await finds(word, [a.id], { status: 'signed' });
      await finds(word, [c.id, b.id], { status: 'created' });
      await finds(word, [c.id, a.id], { created_by: author });
      await finds(word, [c.id, b.id], { content_type: 'text/markdown' });
      await finds(word, [c.id], { content_type: 'text/markdown', created_by: author, status: 'created' });
      await finds(word, [], { content_type: 'text/markdown', status: 'signed' });
    });

    test('several words are found where they are', async () => {
      const [one, two] = [newWord(), newWord()];
      const made = await createDocument(system, { title: `${one} and more`, content: `there is ${two}` });
      await finds(`${one} ${two}`, [made.id]);
    });

    test.each([
      ['no q', {}, 'q'],
      ['an empty q', { q: '' }, 'q'],
      ['size=0', { q: 'x', size: '0' }, 'size'],
      ['size=101', { q: 'x', size: '101' }, 'size'],
      ['size=x', { q: 'x', size: 'x' }, 'size'],
      ['from=-1', { q: 'x', from: '-1' }, 'from'],
      ['from=x', { q: 'x', from: 'x' }, 'from'],
    ])('422 for %s', async (_, query, field) => {
      expect422(await search(query as Record<string, string>), 'query', field);
    });

    test('size 1 and size 100 are taken', async () => {
      for (const size of ['1', '100']) expect((await search({ q: 'lease', size })).body.size).toBe(Number(size));
    });

    test.each([
      "'; DROP TABLE documents.documents --",
      'a & | ! ( ) <-> :* b',
      '"unclosed',
      '\\',
      '%',
      '_*?[',
      '(((((((',
      'title:x OR 1=1',
      '-lease',
      '\u0000',
      '{"$ne":1}',
      '🔑',
      ' ',
      'ž'.repeat(500),
      'or '.repeat(500),
    ])('search syntax is a text like any other: %#', async (q) => {
      const answer = await search({ q });
      expectNoInside(answer);
      expect([200, 422]).toContain(answer.status);
      expectNoInside(await get(`${system().search}/suggest?${new URLSearchParams({ q: `${q}  ` })}`));
      expectNoInside(await get(`${system().search}/aggregations/status?${new URLSearchParams({ q })}`));
    });
  });

  describe('documents in the index follow their rows', () => {
    test('a new title is found, and the old one no more', async () => {
      const [before, after] = [newWord(), newWord()];
      const { id } = await createDocument(system, { title: before });
      await finds(before, [id]);
      await patch(`${system().document}/documents/${id}`, { title: after });
      await finds(after, [id]);
      await finds(before, []);
      expect((await search({ q: after })).body.documents[0].version).toBe(2);
    });

    test('a deleted document is found no more', async () => {
      const word = newWord();
      const { id } = await createDocument(system, { title: word });
      await finds(word, [id]);
      await remove(`${system().document}/documents/${id}`);
      await finds(word, []);
    });

    test('of many changes the last one stays', async () => {
      const word = newWord();
      const { id } = await createDocument(system, { title: word });
      for (let n = 0; n < 20; n += 1) await patch(`${system().document}/documents/${id}`, { title: `${word} ${n}` });
      await eventually('the last title', async () => {
        const [entry] = (await search({ q: word })).body.documents;
        return entry?.title === `${word} 19` && entry.version === 21;
      });
    });

    test('of content 1 MiB of text is indexed', { timeout: 120_000 }, async () => {
      const [early, late] = [newWord(), newWord()];
      const filler = `${newWord()} `.repeat(60_000); // 780,000 bytes
      const { id } = await createDocument(system, { content: `${early} ${filler}${filler}${late}` });
      await finds(early, [id]);
      expect(await found(system, { q: late })).toEqual([]);
    });
  });

  describe('GET /suggest', () => {
    const suggest = (query: Record<string, string>) => get(`${system().search}/suggest?${new URLSearchParams(query)}`);

    test('{suggestions} of what begins so', async () => {
      const word = newWord();
      const { id } = await createDocument(system, { title: `${word} agreement` });
      await finds(word, [id]);
      const { status, body } = await suggest({ q: word.slice(0, 8) });
      expect([status, Object.keys(body)]).toEqual([200, ['suggestions']]);
      expect(JSON.stringify(body.suggestions).toLowerCase()).toContain(word);
    });

    test('at most size of them, each once', async () => {
      const word = newWord();
      for (let n = 0; n < 4; n += 1) await createDocument(system, { title: `${word} ${n}` });
      await eventually('four documents', async () => (await found(system, { q: word })).length === 4);
      const { suggestions } = (await suggest({ q: word.slice(0, 9), size: '2' })).body;
      expect(suggestions.length).toBeLessThanOrEqual(2);
      expect(new Set(suggestions.map((one: unknown) => JSON.stringify(one))).size).toBe(suggestions.length);
    });

    test.each([
      ['no q', {}, 'q'],
      ['a q of one character', { q: 'x' }, 'q'],
      ['size=0', { q: 'xx', size: '0' }, 'size'],
      ['size=21', { q: 'xx', size: '21' }, 'size'],
    ])('422 for %s', async (_, query, field) => {
      expect422(await suggest(query as Record<string, string>), 'query', field);
    });

    test('size=20 is taken', async () => expect((await suggest({ q: 'le', size: '20' })).status).toBe(200));
  });

  describe('GET /aggregations/{field}', () => {
    const facet = async (field: string, q?: string) => {
      const { status, body, text } = await get(
        `${system().search}/aggregations/${field}${q === undefined ? '' : `?q=${q}`}`,
      );
      expect(status, text).toBe(200);
      return body;
    };

    test.each(['status', 'content_type', 'created_by'])('{field, values:[{key,count}]} of %s', async (field) => {
      const body = await facet(field);
      expect(Object.keys(body).sort()).toEqual(['field', 'values']);
      expect(body.field).toBe(field);
      for (const value of body.values) expect(value).toEqual({ key: expect.any(String), count: expect.any(Number) });
    });

    test('counts what q finds; a facet moves when a document is signed', async () => {
      const word = newWord();
      const made = [];
      for (let n = 0; n < 3; n += 1) made.push(await createDocument(system, { title: word }));
      await eventually('three created', async () => (await facet('status', word)).values[0]?.count === 3);
      await sign(system, made[0].id);
      const moved = await eventually('the facet to move', async () => {
        const { values } = await facet('status', word);
        return values.length === 2 && values;
      });
      expect(Object.fromEntries(moved.map(({ key, count }: { key: string; count: number }) => [key, count]))).toEqual({
        created: 2,
        signed: 1,
      });
    });

    test.each(['title', 'id', 'content', '__proto__', 'constructor', 'x'])(
      'another field, %s, is 400',
      async (field) => {
        const answer = await get(`${system().search}/aggregations/${field}`);
        expectNoInside(answer);
        expect(answer.status).toBe(400);
      },
    );
  });
}
