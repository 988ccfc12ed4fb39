import type { SearchChange, SearchDocument, SearchFields, SearchPage, SearchRequest } from '@sluice/contracts';
import { memorySearch } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { postgresSearch } from '../src/index.js';

const database = useDatabase();

const FIELDS: SearchFields = {
  title: { kind: 'text', weight: 2 },
  author: { kind: 'text', weight: 0.7, keyword: true },
  body: { kind: 'text' },
  status: { kind: 'keyword' },
  size: { kind: 'number' },
  made: { kind: 'date' },
  open: { kind: 'boolean' },
};

// Words of fewer than four letters: no slip is found.
const word = fc.constantFrom('a', 'bo', 'eve', 'Ann', 'öl', 'e\u0301', '42', 'x1', '鍵');
const text = fc
  .array(fc.tuple(word, fc.constantFrom(' ', ', ', '-', "'", '\n')), { maxLength: 4 })
  .map((parts) => parts.flat().join(''));
const orNone = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const keyword = fc.constantFrom('new', 'New', '', 'a\\b', 'b\0', "it's", 'é');
const number = fc.constantFrom(-1.5, 0, 1, 2, 1e21, 0.1, Number.MAX_SAFE_INTEGER);
const date = fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '1969-12-31T23:59:59.999Z');
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

const document: fc.Arbitrary<SearchDocument> = fc.record(
  {
    title: orNone(text),
    author: orNone(text),
    body: orNone(text),
    status: orNone(keyword),
    size: orNone(number),
    made: orNone(date),
    open: orNone(fc.boolean()),
    other: text,
  },
  { requiredKeys: [] },
);
const change: fc.Arbitrary<SearchChange> = fc.record({
  id,
  version: fc.record({ epoch: fc.constant('1'), value: fc.bigInt({ min: 0n, max: 2n ** 70n }) }),
  document: fc.option(document, { freq: 5 }),
});

const range = <T extends string | number>(value: fc.Arbitrary<T>) =>
  fc.record({ gte: value, gt: value, lte: value, lt: value }, { requiredKeys: [] });
const condition = <T extends string | number>(value: fc.Arbitrary<T>) =>
  fc.oneof(orNone(value), fc.array(orNone(value), { maxLength: 3 }), range(value));
const where = fc.record(
  {
    author: orNone(text),
    status: condition(keyword.filter((each) => !/[\\\0é]/.test(each))),
    size: condition(number),
    made: condition(date),
    open: orNone(fc.boolean()),
  },
  { requiredKeys: [] },
);
const order = fc.array(
  fc.record({
    field: fc.constantFrom('author', 'size', 'made', 'open'),
    order: fc.constantFrom('asc' as const, 'desc' as const),
  }),
  { maxLength: 2 },
);
const asked = fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join(' '));
const request: fc.Arbitrary<SearchRequest> = fc.record(
  {
    text: asked,
    where: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: where }),
    sort: order,
    ties: order,
    limit: fc.integer({ min: 1, max: 4 }),
    facets: fc.constant(['author', 'status', 'size', 'open']),
  },
  { requiredKeys: ['limit'] },
);

/** What two indexes must agree on. */
const comparable = ({ hits, total, facets, next }: SearchPage) => ({
  ...{ total, facets, last: next === undefined },
  hits: hits.map((hit) => ({ ...hit, score: hit.score.toFixed(4) })),
});

test('whatever is applied and asked for, the index in Postgres answers as the one in memory', async () => {
  let number = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 3, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      fc.array(request, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(text, fc.constantFrom('title', 'author', 'body')), { maxLength: 2 }),
      async (batches, requests, beginnings) => {
        number += 1;
        await using index = postgresSearch({ connection: database.pool, index: `model ${number}`, fields: FIELDS });
        await using model = memorySearch({ fields: FIELDS });
        for (const batch of batches) {
          await index.apply(batch);
          await model.apply(batch);
        }
        for (const request of requests) {
          let [after, expectedAfter]: (string | undefined)[] = [];
          do {
            const page = await index.search({ ...request, ...(after === undefined ? {} : { after }) });
            const expected = await model.search({
              ...request,
              ...(expectedAfter === undefined ? {} : { after: expectedAfter }),
            });
            expect(comparable(page)).toEqual(comparable(expected));
            [after, expectedAfter] = [page.next, expected.next];
            if (request.text && page.hits.length > 0) found += 1;
          } while (after !== undefined);
        }
        for (const [beginning, field] of beginnings) {
          const values = await index.suggest?.(beginning, { field });
          expect(values).toEqual(await model.suggest?.(beginning, { field }));
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(found).toBeGreaterThan(50);
});
