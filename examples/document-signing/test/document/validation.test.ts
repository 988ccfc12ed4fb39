import { expect, test } from 'vitest';
import { documentChanges, ifMatchHeader, newDocument, pageOfDocuments } from '../../src/document/schemas.js';
import { InvalidInput, parsePart } from '../../src/http/invalid-input.js';

const good = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };

function problemsOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidInput) return error.detail;
    throw error;
  }
  return [];
}

const ofNew = (body: unknown) => problemsOf(() => parsePart(newDocument, 'body', body));

test('a document needs a title, a content and an e-mail address; the rest has a default', () => {
  expect(parsePart(newDocument, 'body', good)).toEqual({
    ...good,
    content: Buffer.from('text'),
    content_type: 'text/plain',
  });
  expect(ofNew({}).map(({ type, loc }) => [type, loc])).toEqual([
    ['missing', ['body', 'title']],
    ['missing', ['body', 'content']],
    ['missing', ['body', 'created_by']],
  ]);
});

test.each([
  [{ title: '' }, 'string_too_short'],
  [{ title: 'x'.repeat(256) }, 'string_too_long'],
  [{ title: 7 }, 'string_type'],
  [{ title: 'a\0b' }, 'value_error'],
  [{ created_by: 'nobody' }, 'email_parsing'],
  [{ content: null }, 'string_type'],
  [{ content_type: 'text' }, 'string_pattern_mismatch'],
  [{ content_type: 'text/html\r\nset-cookie: a=b' }, 'string_pattern_mismatch'],
])('%j is refused as %s', (part, type) => {
  const [field = ''] = Object.keys(part);
  expect(ofNew({ ...good, ...part })).toMatchObject([{ type, loc: ['body', field] }]);
});

test('a title is counted in characters and a content in bytes', () => {
  expect(ofNew({ ...good, title: '🖋'.repeat(255) })).toEqual([]);
  expect(ofNew({ ...good, title: '🖋'.repeat(256) })).toMatchObject([{ type: 'string_too_long' }]);
  expect(ofNew({ ...good, content: 'x'.repeat(10 * 1024 * 1024) })).toEqual([]);
  const [problem] = ofNew({ ...good, content: 'é'.repeat(5 * 1024 * 1024 + 1) });
  expect(problem).toMatchObject({ type: 'string_too_long', loc: ['body', 'content'] });
  expect(String(problem?.input).length).toBeLessThan(250);
});

test.each([[null], [[]], ['text'], [undefined]])('a body that is %j is refused', (body) => {
  expect(ofNew(body)).toMatchObject([{ loc: ['body'] }]);
});

test('a change names a title or a known status', () => {
  const of = (body: unknown) => problemsOf(() => parsePart(documentChanges, 'body', body));
  expect(of({ title: 'New' })).toEqual([]);
  expect(of({})).toMatchObject([{ type: 'value_error', loc: ['body'] }]);
  expect(of({ status: 'lost' })).toMatchObject([{ type: 'enum', loc: ['body', 'status'], input: 'lost' }]);
  expect(of({ title: '' })).toMatchObject([{ type: 'string_too_short' }]);
});

test('pages have limits', () => {
  const of = (query: unknown) => problemsOf(() => parsePart(pageOfDocuments, 'query', query));
  expect(parsePart(pageOfDocuments, 'query', {})).toEqual({ skip: 0, limit: 100 });
  expect(of({ limit: '1001' })).toMatchObject([{ type: 'less_than_equal', loc: ['query', 'limit'] }]);
  expect(of({ limit: '0' })).toMatchObject([{ type: 'greater_than_equal' }]);
  expect(of({ skip: '-1' })).toMatchObject([{ loc: ['query', 'skip'] }]);
  expect(of({ skip: 'many' })).toMatchObject([{ loc: ['query', 'skip'] }]);
  expect(of({ skip: ['1', '2'] })).toMatchObject([{ loc: ['query', 'skip'] }]);
});

test('If-Match is a version, with quotes or without', () => {
  const of = (value?: string) => parsePart(ifMatchHeader, 'header', { 'if-match': value })['if-match'];
  expect([of('3'), of('"3"'), of('*'), of()]).toEqual([3, 3, undefined, undefined]);
  expect(() => of('three')).toThrow(InvalidInput);
});
