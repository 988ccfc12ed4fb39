import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { expect422, expectNoInside } from '../client/expect-422.js';
import { get, post } from '../client/http.js';
import { createDocument, newDocument, TIME, UUID_V7 } from '../client/samples.js';
import type { UnderTest } from '../system.js';

const MIB = 1_048_576;

export function creatingDocuments(system: UnderTest): void {
  const create = (given: unknown) => post(`${system().document}/documents`, given);

  describe('POST /documents', () => {
    test('201: id uuidv7, the fields, status created, version 1', async () => {
      const before = Date.now();
      const { status, body } = await create({ title: 'Lease', content: 'Grüße', created_by: 'ada@example.com' });
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.stringMatching(UUID_V7),
        title: 'Lease',
        content_type: 'text/plain',
        content_size: 7, // bytes of UTF-8
        s3_key: `${body.id}/content`,
        status: 'created',
        created_by: 'ada@example.com',
        created_at: expect.stringMatching(TIME),
        updated_at: expect.stringMatching(TIME),
        version: 1,
      });
      expect(Math.abs(Date.parse(body.created_at) - before)).toBeLessThan(600_000);
    });

    test('ids of later documents sort after earlier ones', async () => {
      const first = await createDocument(system);
      const millisecond = Date.now();
      await waitFor(() => Date.now() > millisecond + 1, {
        what: 'another millisecond, which is what uuidv7 tells apart',
      });
      const second = await createDocument(system);
      expect(first.id < second.id).toBe(true);
    });

    test('content_type is kept', async () => {
      expect(await createDocument(system, { content_type: 'application/pdf' })).toMatchObject({
        content_type: 'application/pdf',
      });
    });

    test.each([
      ['one character', 'x', 1],
      ['255 code points of four bytes each', '🔑'.repeat(255), 255],
      ['255 letters with accents, composed or not', 'é'.repeat(255), 255],
    ])('a title of %s is taken', async (_, title) => {
      expect((await createDocument(system, { title })).title).toBe(title);
    });

    test.each([
      ['none', { title: undefined }, 'title'],
      ['an empty one', { title: '' }, 'title'],
      ['256 code points', { title: 'x'.repeat(256) }, 'title'],
      ['256 code points of four bytes', { title: '🔑'.repeat(256) }, 'title'],
      ['a number as title', { title: 5 }, 'title'],
      ['null as title', { title: null }, 'title'],
      ['U+0000 in the title', { title: 'a\u0000b' }, 'title'],
      ['no content', { content: undefined }, 'content'],
      ['a number as content', { content: 5 }, 'content'],
      ['no created_by', { created_by: undefined }, 'created_by'],
      ['created_by without @', { created_by: 'ada' }, 'created_by'],
      ['created_by without a domain', { created_by: 'ada@' }, 'created_by'],
      ['created_by with a line break', { created_by: 'ada@example.com\r\nBcc: x@example.com' }, 'created_by'],
      ['a number as content_type', { content_type: 5 }, 'content_type'],
    ])('422 in the shape that clients know: %s', async (_, given, field) => {
      expect422(await create(newDocument(given)), 'body', field);
    });

    test('422 names everything that is wrong, with what was given', async () => {
      const answer = await create({ title: '', content: 'x', created_by: 'nobody' });
      expect422(answer, 'body', 'title');
      expect422(answer, 'body', 'created_by');
      const about = answer.body.detail.find(({ loc }: { loc: string[] }) => loc.includes('created_by'));
      expect(about.input).toBe('nobody');
    });

    test.each([
      ['a list', '[]'],
      ['a text', '"x"'],
      ['null', 'null'],
      ['nothing', ''],
      ['no JSON', '{"title": '],
      ['JSON that is nested very deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ])('422 for a body that is %s', async (_, body) => {
      const answer = await create(body);
      expect(answer.status, answer.text.slice(0, 300)).toBe(422);
      expect(answer.body.detail[0].loc[0]).toBe('body');
      expectNoInside(answer);
    });

    test('a name of every object in the body harms nobody', async () => {
      const text = `{"title":"x","content":"x","created_by":"ada@example.com","__proto__":{"status":"signed"},"constructor":1}`;
      const answer = await create(text);
      expectNoInside(answer);
      if (answer.status === 201) expect(answer.body.status).toBe('created');
    });

    test('what the service decides by itself can not be given', async () => {
      const answer = await create(newDocument({ status: 'signed', version: 9, id: 'x', s3_key: '../x' }));
      expectNoInside(answer);
      if (answer.status === 201)
        expect(answer.body).toMatchObject({ status: 'created', version: 1, s3_key: `${answer.body.id}/content` });
    });

    test('content of 10 MiB is taken and given back; a byte more is 422', { timeout: 120_000 }, async () => {
      const content = 'x'.repeat(10 * MIB);
      const { id, content_size } = await createDocument(system, { content });
      expect(content_size).toBe(10 * MIB);
      const { text } = await get(`${system().document}/documents/${id}/content`);
      expect(text === content).toBe(true);
      expect422(await create(newDocument({ content: `${content}x` })), 'body', 'content');
    });

    test('the limit of content is in bytes of UTF-8, not in characters', { timeout: 120_000 }, async () => {
      expect422(await create(newDocument({ content: 'é'.repeat(5 * MIB + 1) })), 'body', 'content');
    });

    test('empty content is a document of 0 bytes, or invalid; never a 500', async () => {
      const answer = await create(newDocument({ content: '' }));
      expectNoInside(answer);
      if (answer.status === 201) expect(answer.body.content_size).toBe(0);
      else expect422(answer, 'body', 'content');
    });
  });
}
