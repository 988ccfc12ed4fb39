import { postgresSearch } from '@sluice/store-pg';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLog } from '../../src/http/log.js';
import { documentFields } from '../../src/search/document-index.js';
import { searchService } from '../../src/search/service.js';
import { call } from '../support/answers.js';
import { row } from '../support/search.js';

const database = useDatabase();
let url = '';
let stop: () => Promise<void>;

const documents = [
  row('1', { title: 'Lease of a flat', created_by: 'ann@example.com', created_at: '2026-01-01T00:00:00.000Z' }),
  row('2', { title: 'Sale', status: 'signed', created_by: 'bob@example.com', created_at: '2026-01-02T00:00:00.000Z' }),
  row('3', { title: 'Lease of a <b>car</b>', content_type: 'text/markdown', created_at: '2026-01-03T00:00:00.000Z' }),
  row('4', { title: 'Lease of a boat', created_at: '2026-01-03T00:00:00.000Z' }),
];
const contents: Readonly<Record<string, string>> = { 1: 'Rent is due', 2: 'No <i>lease</i> & "no" rent', 3: '', 4: '' };

beforeAll(async () => {
  const index = postgresSearch({ connection: database.url, index: 'documents', fields: documentFields });
  await index.apply(
    documents.map(({ s3_key: _, ...document }) => ({
      id: document.id,
      version: { epoch: '1', value: 1n },
      document: { ...document, content: contents[document.id] ?? null, content_truncated: false },
    })),
  );
  const service = await searchService({ index, log: openLog({ level: 'silent' }) });
  url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  stop = async () => {
    await service.close();
    await service.close();
    await index[Symbol.asyncDispose]();
  };
  return () => stop();
});

const get = (path: string, query: Record<string, string> = {}) =>
  call(`${url}${path}?${new URLSearchParams(query)}`, 'GET');
const found = async (query: Record<string, string>) =>
  (await get('/search', query)).body.documents.map(({ id }: { id: string }) => id);

describe('GET /search', () => {
  test('the whole answer', async () => {
    const { status, body } = await get('/search', { q: 'sale rent' });
    expect(status).toBe(200);
    const { s3_key: _, ...entry } = documents[1] ?? row('');
    expect(body).toEqual({
      total: 1,
      documents: [
        {
          ...entry,
          content_truncated: false,
          score: expect.any(Number),
          highlights: {
            title: ['<em>Sale</em>'],
            content: ['No &lt;i&gt;lease&lt;/i&gt; &amp; &quot;no&quot; <em>rent</em>'],
          },
        },
      ],
      took_ms: expect.any(Number),
      from: 0,
      size: 10,
    });
    expect(Number.isInteger(body.took_ms)).toBe(true);
  });

  test('title before content, ties newest first, those of one moment by their id', async () => {
    expect(await found({ q: 'lease' })).toEqual(['4', '3', '1', '2']);
    expect(await found({ q: 'laese' })).toEqual(['4', '3', '1', '2']);
    expect(await found({ q: 'lease', from: '1', size: '2' })).toEqual(['3', '1']);
  });

  test('filters', async () => {
    expect(await found({ q: 'lease', status: 'signed' })).toEqual(['2']);
    expect(await found({ q: 'lease', created_by: 'ann@example.com', content_type: 'text/plain' })).toEqual(['4', '1']);
    expect(await found({ q: 'lease', created_by: 'ann' })).toEqual([]);
    expect(await found({ q: 'lease', status: `'; DROP TABLE sluice.search_documents --\0` })).toEqual([]);
  });

  test.each(['🔑', '%', '(((', ' ', '\0', '"', '\\'])('without a word nothing is found: %j', async (q) => {
    expect((await get('/search', { q })).body).toMatchObject({ total: 0, documents: [] });
    expect((await get('/aggregations/status', { q })).body).toEqual({ field: 'status', values: [] });
    expect((await get('/suggest', { q: `${q}${q}` })).body).toEqual({ suggestions: [] });
  });

  test.each([
    'lease:*',
    'lease & !sale',
    'lease | sale',
    `lease'::tsquery`,
    'title:lease OR 1=1',
    '-lease',
    '1.2.lease',
  ])('nothing is syntax: %s', async (q) => {
    const { status, body } = await get('/search', { q });
    expect(status).toBe(200);
    const plain = await get('/search', { q: q.replaceAll(/[^\p{L}\p{N}]+/gu, ' ') });
    expect({ ...body, took_ms: 0 }).toEqual({ ...plain.body, took_ms: 0 });
  });

  test.each([
    [{}, 'q', 'missing'],
    [{ q: '' }, 'q', 'string_too_short'],
    [{ q: 'x', size: '0' }, 'size', 'greater_than_equal'],
    [{ q: 'x', size: '101' }, 'size', 'less_than_equal'],
    [{ q: 'a', size: '100000' }, 'size', 'less_than_equal'],
    [{ q: 'x'.repeat(501) }, 'q', 'string_too_long'],
    [{ q: 'x', from: '-1' }, 'from', 'greater_than_equal'],
    [{ q: 'x', from: '9991' }, 'from', 'less_than_equal'],
    [{ q: 'x', from: '1e9' }, 'from', 'less_than_equal'],
  ])('422 for %j', async (query, field, type) => {
    const { status, body } = await get('/search', query as Record<string, string>);
    expect(status).toBe(422);
    expect(body.detail).toEqual(
      [{ type, loc: ['query', field], msg: expect.any(String), input: expect.anything() }].map((problem) =>
        type === 'missing' ? { ...problem, input: null } : problem,
      ),
    );
  });

  test('500 characters may be searched for, and no more anywhere', async () => {
    expect((await get('/search', { q: 'x'.repeat(500) })).status).toBe(200);
    for (const path of ['/suggest', '/aggregations/status']) {
      expect((await get(path, { q: 'x'.repeat(501) })).status).toBe(422);
    }
  });

  test('9,990 hits may be left out', async () => {
    expect((await get('/search', { q: 'lease', from: '9990' })).body).toMatchObject({ total: 4, documents: [] });
  });
});

test('GET /suggest: titles in which a word begins so', async () => {
  expect((await get('/suggest', { q: 'LEA' })).body).toEqual({
    suggestions: ['Lease of a <b>car</b>', 'Lease of a boat', 'Lease of a flat'],
  });
  expect((await get('/suggest', { q: 'lease of bo', size: '1' })).body).toEqual({ suggestions: ['Lease of a boat'] });
  for (const query of [{ q: 'x' }, {}, { q: 'xx', size: '21' }] as Record<string, string>[]) {
    expect((await get('/suggest', query)).status).toBe(422);
  }
});

test('GET /aggregations/{field}: counts of all, or of what is found', async () => {
  expect((await get('/aggregations/status')).body).toEqual({
    field: 'status',
    values: [
      { key: 'created', count: 3 },
      { key: 'signed', count: 1 },
    ],
  });
  expect((await get('/aggregations/created_by', { q: 'sale' })).body).toEqual({
    field: 'created_by',
    values: [{ key: 'bob@example.com', count: 1 }],
  });
  expect((await get('/aggregations/content_type', { q: '' })).body.values).toHaveLength(2);
});

test.each(['title', 'id', 'content', '__proto__', 'constructor', 'status%00'])(
  'another field, %s, is 400',
  async (field) => {
    const { status, body } = await get(`/aggregations/${field}`);
    expect([status, body]).toEqual([400, { detail: 'Field should be one of status, content_type, created_by' }]);
  },
);

test('an index that is away is 503, and readiness names it', async () => {
  const away = postgresSearch({ connection: 'postgres://x@127.0.0.1:1/x', index: 'documents', fields: documentFields });
  const service = await searchService({ index: away, log: openLog({ level: 'silent' }) });
  try {
    const answer = await service.app.inject('/search?q=lease');
    expect([answer.statusCode, answer.json()]).toEqual([503, { detail: 'Temporarily unavailable' }]);
    const ready = await service.app.inject('/health/ready');
    expect([ready.statusCode, ready.json().down]).toEqual([503, ['search']]);
    expect((await service.app.inject('/health/live')).json()).toEqual({ status: 'alive' });
  } finally {
    await service.close();
    await away[Symbol.asyncDispose]();
  }
});
