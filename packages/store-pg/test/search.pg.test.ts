import { isBatchError, type SearchChange, type SearchDocument, type SearchFields } from '@sluice/contracts';
import { conformance, searchIndexConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { type PostgresSearchOptions, postgresSearch } from '../src/index.js';

conformance(
  searchIndexConformance({
    name: 'Postgres',
    features: { fuzzy: true, highlights: true, facets: true, suggest: true },
    async create(fields) {
      const database = await testDatabase({ name: 'search' });
      return {
        index: () => postgresSearch({ connection: database.url, schema: `it's "quoted`, index: 'documents', fields }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();

const FIELDS: SearchFields = {
  title: { kind: 'text', weight: 2 },
  body: { kind: 'text' },
  size: { kind: 'number' },
};

/** Each test has an index of its own, in one database. */
function open(index: string, options: Partial<PostgresSearchOptions> = {}) {
  return postgresSearch({ connection: database.url, index, fields: FIELDS, ...options });
}

const change = (id: string, value: bigint, document: SearchDocument | null): SearchChange => ({
  ...{ id, version: { epoch: '1', value } },
  document,
});

test('whatever is written in a text, it is words: no syntax of SQL, of tsquery or of patterns has a meaning', async () => {
  await using index = open('injection');
  await index.apply([
    change('a', 1n, { title: 'alpha' }),
    change('b', 1n, { title: 'beta gamma' }),
    change('c', 1n, { title: 'OR drop table' }),
  ]);
  const found = async (text: string) => (await index.search({ text })).hits.map(({ id }) => id);
  for (const text of [
    `alpha' | 'beta`,
    `alpha'::tsquery`,
    'alpha:*',
    'alpha:A',
    'alp:*',
    'alpha | beta',
    'alpha & !beta',
    '!alpha',
    'alpha <-> beta',
    '!!((',
    `1.0.alpha`,
    `'1.0.alpha'`,
    'alpha OR beta',
    '"beta gamma" alpha',
    '-beta alpha',
    `'; DROP TABLE sluice.search_documents; --`,
    `\\' OR 1=1 --`,
    '$1 $2',
    '%',
    'alp%',
    'al_ha',
    '\ud800alpha beta\udc00',
    'x'.repeat(1_000_000),
    Array.from({ length: 20_000 }, (_, n) => `word${n}`).join(' '),
    Array.from({ length: 20_000 }, () => '(').join(' '),
  ]) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    const expected = words.length === 0 ? ['a', 'b', 'c'] : words.every((word) => word === 'alpha') ? ['a'] : [];
    expect(await found(text), text.slice(0, 40)).toEqual(expected);
    expect(await index.suggest?.(`${text} zzz`, { field: 'title' })).toEqual([]);
  }
});

test('names of fields and of indexes are data', async () => {
  const name = `x'; DROP TABLE "y" --`;
  const fields: SearchFields = { [name]: { kind: 'keyword' }, '"': { kind: 'text' }, '1': { kind: 'number' } };
  await using index = open(name, { fields });
  await index.apply([change('a', 1n, { [name]: `it's`, '"': 'quoted <b>', '1': 1 })]);
  const page = await index.search({
    ...{ text: 'quoted', where: { [name]: `it's`, '1': 1 }, facets: [name], highlight: ['"'] },
    sort: [{ field: name, order: 'desc' }],
  });
  expect(page.hits.map(({ highlights }) => highlights)).toEqual([{ '"': ['<em>quoted</em> &lt;b&gt;'] }]);
  expect(page.facets).toEqual({ [name]: [{ value: `it's`, count: 1 }] });
  expect(await index.suggest?.('quo', { field: '"' })).toEqual(['quoted <b>']);
});

test('indexes of one schema know nothing of each other', async () => {
  await using one = open('one');
  await using other = open('other');
  await one.apply([change('a', 5n, { title: 'alpha' })]);
  expect(await other.get('a')).toBeUndefined();
  expect((await other.search({ text: 'alpha' })).total).toBe(0);
  expect((await other.search({ text: 'alpah' })).total).toBe(0);
  expect(await other.apply([change('a', 1n, { title: 'beta' })])).toEqual({ applied: 1, older: 0 });
  expect((await one.search({})).hits.map(({ document }) => document)).toEqual([{ title: 'alpha' }]);
});

test('a text that is too long is searched as far as it goes, beside the short fields; nothing fails', async () => {
  await using index = open('long', { maxTextLength: 10_000_000 });
  // 300,000 different words, of 2.4 MB: more than a tsvector takes.
  const body = Array.from({ length: 300_000 }, (_, n) => `w${n}x`).join(' ');
  await index.apply([change('a', 1n, { body, title: 'short' }), change('b', 1n, { title: 'y'.repeat(100_000) })]);
  const found = async (text: string) => (await index.search({ text })).hits.map(({ id }) => id);
  expect(await found('w7x short')).toEqual(['a']);
  expect(await found('w299999x')).toEqual([]);
  expect(await found('y'.repeat(100_000))).toEqual(['b']);
  expect(await found('y'.repeat(99_999))).toEqual([]);
  expect((await index.get('a'))?.document['body']).toBe(body);
});

test('only the first characters of a text are searched, as many as the index is told', async () => {
  await using index = open('cut', { maxTextLength: 10 });
  await index.apply([change('a', 1n, { body: 'alpha beta gamma' })]);
  expect((await index.search({ text: 'beta' })).total).toBe(1);
  expect((await index.search({ text: 'gamma' })).total).toBe(0);
});

test('a document that is too large is named, and the others are applied', async () => {
  await using index = open('large', { maxDocumentBytes: 1_000 });
  const changes = [
    change('a', 1n, { title: 'small' }),
    change('b', 1n, { title: 'é'.repeat(500) }),
    change('c', 1n, { title: 'small' }),
  ];
  const error = await index.apply(changes).catch((error: unknown) => error);
  expect(isBatchError(error) && [...error.failures].map(([at, { code }]) => [at, code])).toEqual([
    [1, 'SEARCH_DOCUMENT_REFUSED'],
  ]);
  expect((await index.search({})).hits.map(({ id }) => id)).toEqual(['a', 'c']);
});

test('a batch of many large documents is applied as a whole, in several statements', async () => {
  await using index = open('batch');
  // 520 kB each, 6 MB in all.
  const body = Array.from({ length: 60_000 }, (_, n) => `word${n % 5_000}`).join(' ');
  const changes = Array.from({ length: 12 }, (_, n) => change(`d${n}`, 1n, { body, title: `title ${n}` }));
  expect(await index.apply(changes)).toEqual({ applied: 12, older: 0 });
  expect(await index.apply(changes)).toEqual({ applied: 0, older: 12 });
  expect((await index.search({ text: 'word4999', limit: 0 })).total).toBe(12);
});

test('two that apply the same documents in opposite orders, many at once, lose nothing and never fail', async () => {
  await using one = open('opposite');
  await using two = open('opposite');
  const ids = Array.from({ length: 200 }, (_, n) => `d${n}`);
  const round = (value: bigint, order: readonly string[]) =>
    order.map((id) => change(id, value, { title: `${id} made by ${value} of those words${value}x` }));
  const all: Promise<unknown>[] = [];
  for (let n = 1n; n <= 10n; n += 1n) {
    all.push(one.apply(round(2n * n, ids)), two.apply(round(2n * n + 1n, ids.toReversed())));
  }
  await Promise.all(all);
  const versions = await Promise.all(ids.map(async (id) => (await one.get(id))?.version.value));
  expect(new Set(versions)).toEqual(new Set([21n]));
});

test('words that did not change are not written again', async () => {
  await using index = open('unchanged');
  const body = Array.from({ length: 2_000 }, (_, n) => `word${n * 7919}`).join(' ');
  await index.apply([change('a', 1n, { body, size: 1 })]);
  const pointer = () =>
    database.query(
      `SELECT pg_column_toast_chunk_id(words) AS at FROM sluice.search_documents JOIN sluice.search_indexes ON number = index WHERE name = 'unchanged'`,
    );
  const [before] = await pointer();
  expect(before?.['at']).not.toBeNull();
  await index.apply([change('a', 2n, { body, size: 2 })]);
  expect(await pointer()).toEqual([before]);
  await index.apply([change('a', 3n, { body: `${body} more`, size: 2 })]);
  expect(await pointer()).not.toEqual([before]);
  expect((await index.search({ text: 'more', where: { size: 2 } })).total).toBe(1);
});

test('a match of the word as it is comes before one with a slip, also in a field that weighs less', async () => {
  await using index = open('slips');
  await index.apply([
    change('a', 1n, { title: 'the contrast' }),
    change('b', 1n, { title: 'the contract' }),
    change('c', 1n, { body: 'the contract', title: 'the other' }),
  ]);
  const { hits } = await index.search({ text: 'contract', highlight: ['title', 'body'] });
  expect(hits.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  expect(hits.map(({ highlights }) => highlights)).toEqual([
    { title: ['the <em>contract</em>'] },
    { title: ['the <em>contrast</em>'] },
    { body: ['the <em>contract</em>'] },
  ]);
});

test('an index that is told so finds words only as they are', async () => {
  await using index = open('exact', { fuzzy: false });
  await index.apply([change('a', 1n, { title: 'contract' })]);
  expect(index.features.fuzzy).toBe(false);
  expect((await index.search({ text: 'contrat' })).total).toBe(0);
  expect((await index.search({ text: 'Contract' })).total).toBe(1);
});

test('of a long text extracts around the matches are shown, three at most', async () => {
  await using index = open('extracts');
  const filler = 'lorem ipsum dolor sit amet '.repeat(40);
  const body = `<p>${filler}first apple & more ${filler}second apple ${filler}third apple ${filler}fourth apple`;
  await index.apply([change('a', 1n, { body, title: 'pineapple' })]);
  const { hits } = await index.search({ text: 'apple', highlight: ['title', 'body'] });
  const { title, body: extracts = [] } = hits[0]?.highlights ?? {};
  expect(title).toBeUndefined();
  expect(extracts).toHaveLength(3);
  expect(extracts[0]).toContain('first <em>apple</em> &amp; more');
  expect(extracts.every((each) => each.length < 300)).toBe(true);
});

test('a field that is added counts from then on, and keeps the others where they were', async () => {
  await using before = open('grown');
  await before.apply([change('a', 1n, { title: 'alpha', note: 'early' })]);
  await using after = open('grown', { fields: { note: { kind: 'text', keyword: true }, ...FIELDS } });
  await after.apply([change('b', 1n, { title: 'alpha', note: 'late' })]);
  expect((await after.search({ text: 'alpha' })).total).toBe(2);
  expect((await after.search({ text: 'late' })).hits.map(({ id }) => id)).toEqual(['b']);
  expect((await before.search({ text: 'alpha', where: { size: null } })).total).toBe(2);
});

test.each<[string, Partial<PostgresSearchOptions>]>([
  ['index', { index: '' }],
  ['maxTextLength', { maxTextLength: 0 }],
  ['maxDocumentBytes', { maxDocumentBytes: 1.5 }],
  ['fields.x.weight', { fields: { x: { kind: 'text', weight: 0 } } }],
  ['fields.x.kind', { fields: { x: { kind: 'float' as never } } }],
  ['fields.x.keyword', { fields: { x: { kind: 'number', keyword: true } } }],
  ['fuzy', { fuzy: true } as never],
])('a bad option is refused by name: %s', (name, options) => {
  expect(() => open('options', options)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  expect(() => open('options', options)).toThrow(name);
});
