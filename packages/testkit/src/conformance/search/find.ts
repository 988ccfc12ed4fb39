import type { SearchRequest } from '@sluice/contracts';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, fill, idsOf } from './search-fixture.js';

/** What a request finds, in which order. */
export function findPromises(check: Check): ConformanceTest[] {
  return [
    check('finds documents that have all the words, in any case, order and text field', async (index) => {
      await fill(index, {
        a: { title: 'Red apple, green PEAR', status: 'plum' },
        b: { title: 'Green', body: 'an apple (fallen) a day' },
        c: { title: 'pineapple', body: 'greenish' },
        d: { body: 'Ключ от двери; 2026 résumé' },
        e: { size: 1 },
      });
      const cases: [string, string[]][] = [
        ['apple', ['a', 'b']],
        ['APPLE green', ['a', 'b']],
        ['pear   red', ['a']],
        ['apple pear fallen', []],
        ['plum', []],
        ['fallen!', ['b']],
        ['ключ', ['d']],
        ['2026', ['d']],
        ['', ['a', 'b', 'c', 'd', 'e']],
        [' .,;- ', ['a', 'b', 'c', 'd', 'e']],
      ];
      for (const [text, expected] of cases) {
        mustEqual((await idsOf(index, { text })).sort(), expected, `found by "${text}"`);
      }
    }),

    check('text is data: nothing in it is special', async (index) => {
      await fill(index, { a: { title: 'alpha' }, b: { title: 'beta' } });
      for (const extra of [
        '"',
        "'",
        '(',
        ')',
        '[',
        '*',
        '?',
        '~',
        '^',
        '\\',
        '|',
        '&',
        '!',
        '<->',
        ':',
        '%',
        '$',
        '//',
        '\u0000',
        '\n',
      ]) {
        for (const text of [`alpha ${extra}`, `${extra}alpha`, `alpha${extra}${extra}`]) {
          mustEqual(await idsOf(index, { text }), ['a'], `found by ${JSON.stringify(text)}`);
        }
      }
      for (const text of [
        'alpha OR beta',
        'alpha AND beta',
        'title:beta',
        'alpha NOT beta',
        `alph${'a'.repeat(5_000)}`,
      ]) {
        mustEqual(await idsOf(index, { text }), [], `found by ${text.slice(0, 20)}`);
      }
    }),

    check('the better match comes first: a field counts by its weight', async (index) => {
      await fill(index, {
        a: { title: 'nothing here', body: 'the word apple' },
        b: { title: 'the word apple', body: 'nothing here' },
        c: { title: 'nothing here', body: 'the word apple' },
      });
      const { hits } = await index.search({ text: 'apple' });
      mustEqual(
        hits.map(({ id }) => id),
        ['b', 'a', 'c'],
        'the hits; of equal ones, by id',
      );
      const scores = hits.map(({ score }) => score);
      mustHold((scores[0] ?? 0) > (scores[1] ?? 0) && (scores[1] ?? 0) > 0, 'scores that fall', scores);
      mustEqual(
        (await index.search({})).hits.map(({ score }) => score),
        [0, 0, 0],
        'scores without text',
      );
    }),

    check('finds what fulfils every condition', async (index) => {
      await fill(index, {
        a: { status: 'new', size: 1, made: '2026-01-01T00:00:00.000Z', open: true, title: 'x' },
        b: { status: 'New', size: 2, made: '2026-02-01T00:00:00.000Z', open: false, title: 'x' },
        c: { status: 'sent', size: 10, made: '2026-03-01T00:00:00.000Z', open: true, title: 'y' },
        d: { status: 'in the post', size: -1.5, title: 'x' },
      });
      const cases: [NonNullable<SearchRequest['where']>, string[]][] = [
        [{ status: 'new' }, ['a']],
        [{ status: 'post' }, []],
        [{ status: 'in the post' }, ['d']],
        [{ status: ['new', 'sent', 'none'] }, ['a', 'c']],
        [{ status: [] }, []],
        [{ size: 2 }, ['b']],
        [{ size: { gte: 2 } }, ['b', 'c']],
        [{ size: { gt: 2 } }, ['c']],
        [{ size: { lt: 2 } }, ['a', 'd']],
        [{ size: { gt: -1.5, lte: 2 } }, ['a', 'b']],
        [{ made: '2026-02-01T00:00:00.000Z' }, ['b']],
        [{ made: { gte: '2026-02-01T00:00:00.000Z' } }, ['b', 'c']],
        [{ made: { lt: '2026-02-01T00:00:00Z' } }, ['a']],
        [{ status: { gte: 'new', lt: 't' } }, ['a', 'c']],
        [{ open: false }, ['b']],
        [{ open: null }, ['d']],
        [{ made: null, size: { lt: 0 } }, ['d']],
        [{ open: true, size: { gte: 2 } }, ['c']],
        [{}, ['a', 'b', 'c', 'd']],
      ];
      for (const [where, expected] of cases) {
        mustEqual((await idsOf(index, { where })).sort(), expected, `found where ${JSON.stringify(where)}`);
      }
      mustEqual(
        (await idsOf(index, { text: 'x', where: { open: true } })).sort(),
        ['a'],
        'found by text and condition',
      );
    }),

    check('sorts by fields, then by id; what has no value comes last', async (index) => {
      await fill(index, {
        e: { size: 2, status: 'b' },
        d: { size: 10, status: 'a' },
        c: { size: 2, status: 'a' },
        b: { status: 'a', made: '2026-01-01T00:00:00.000Z' },
        a: { size: 2, status: 'b', made: '2025-01-01T00:00:00.000Z' },
      });
      const cases: [NonNullable<SearchRequest['sort']>, string[]][] = [
        [[{ field: 'size', order: 'asc' }], ['a', 'c', 'e', 'd', 'b']],
        [[{ field: 'size', order: 'desc' }], ['d', 'a', 'c', 'e', 'b']],
        [
          [
            { field: 'status', order: 'desc' },
            { field: 'size', order: 'asc' },
          ],
          ['a', 'e', 'c', 'd', 'b'],
        ],
        [[{ field: 'made', order: 'asc' }], ['a', 'b', 'c', 'd', 'e']],
        [[{ field: 'made', order: 'desc' }], ['b', 'a', 'c', 'd', 'e']],
        [[], ['a', 'b', 'c', 'd', 'e']],
      ];
      for (const [sort, expected] of cases)
        mustEqual(await idsOf(index, { sort }), expected, `sorted by ${JSON.stringify(sort)}`);
    }),

    check('hits of equal rank are sorted by what decides ties, then by id', async (index) => {
      await fill(index, {
        a: { title: 'apple', size: 1 },
        b: { title: 'apple', size: 3, status: 'x' },
        c: { title: 'nothing', body: 'apple', size: 9 },
        d: { title: 'apple' },
        e: { title: 'apple', size: 3, status: 'y' },
        f: { title: 'apple', size: 3, status: 'x' },
      });
      const ties: NonNullable<SearchRequest['ties']> = [
        { field: 'size', order: 'desc' },
        { field: 'status', order: 'desc' },
      ];
      const cases: [SearchRequest, string[]][] = [
        [{ text: 'apple', ties }, ['e', 'b', 'f', 'a', 'd', 'c']],
        [{ ties }, ['c', 'e', 'b', 'f', 'a', 'd']],
        [{ ties, sort: [{ field: 'status', order: 'asc' }] }, ['b', 'f', 'e', 'c', 'a', 'd']],
      ];
      for (const [request, expected] of cases) {
        mustEqual(await idsOf(index, request), expected, `sorted by ${JSON.stringify(request)}`);
      }
    }),

    check('text that is a keyword too is found by its words, and used as a whole', async (index) => {
      await fill(index, {
        a: { author: 'Ann Lee' },
        b: { author: 'lee' },
        c: { author: 'Bo Lee' },
        d: {},
        e: { author: 'Ann Lee' },
      });
      mustEqual((await idsOf(index, { text: 'lee' })).sort(), ['a', 'b', 'c', 'e'], 'found by a word');
      mustEqual(await idsOf(index, { where: { author: 'Ann Lee' } }), ['a', 'e'], 'found by the whole');
      mustEqual(await idsOf(index, { where: { author: 'Lee' } }), [], 'found by a part');
      mustEqual(
        await idsOf(index, { sort: [{ field: 'author', order: 'desc' }] }),
        ['b', 'c', 'a', 'e', 'd'],
        'sorted by it',
      );
    }),

    check('a page has `limit` hits, and the total counts all', async (index) => {
      const ids = Array.from({ length: 25 }, (_, n) => `d${String(n).padStart(2, '0')}`);
      await fill(index, Object.fromEntries(ids.map((id, n) => [id, { size: n % 2 }])));
      const first = await index.search({});
      mustEqual([first.hits.length, first.total], [10, 25], 'hits and total where no limit is given');
      const none = await index.search({ limit: 0, where: { size: 1 } });
      mustEqual([none.hits, none.total], [[], 12], 'hits and total with a limit of 0');
      const skipped = await index.search({ skip: 20, limit: 10 });
      mustEqual([skipped.hits.map(({ id }) => id), skipped.total], [ids.slice(20), 25], 'hits after 20 were left out');
      mustEqual((await index.search({ skip: 30 })).hits, [], 'hits after more were left out than there are');
    }),

    check('pages go on after one another, each hit once', async (index) => {
      const ids = Array.from({ length: 23 }, (_, n) => `d${String(n).padStart(2, '0')}`);
      await fill(
        index,
        Object.fromEntries(
          ids.map((id, n) => [id, { title: n % 2 ? 'apple' : 'apple apple pear', ...(n % 5 ? { size: n % 3 } : {}) }]),
        ),
      );
      const requests: SearchRequest[] = [
        {},
        { text: 'apple' },
        { sort: [{ field: 'size', order: 'desc' }] },
        { text: 'apple', sort: [{ field: 'size', order: 'asc' }], where: { size: [0, 1, null] } },
        { text: 'apple', ties: [{ field: 'size', order: 'desc' }] },
      ];
      for (const request of requests) {
        const all = await idsOf(index, request);
        const found: string[] = [];
        let after: string | undefined;
        do {
          const page = await index.search({ ...request, limit: 5, ...(after === undefined ? {} : { after }) });
          mustEqual(page.total, all.length, 'the total on each page');
          found.push(...page.hits.map(({ id }) => id));
          after = page.next;
        } while (after !== undefined && found.length <= all.length);
        mustEqual(found, all, `the hits of all pages of ${JSON.stringify(request)}`);
      }
    }),

    check('a page goes on where the one before ended, whatever came or went meanwhile', async (index) => {
      await fill(index, { a: { size: 1 }, c: { size: 3 }, d: { size: 4 }, f: { size: 6 } });
      const request: SearchRequest = { sort: [{ field: 'size', order: 'asc' }], limit: 2 };
      const first = await index.search(request);
      mustEqual(
        first.hits.map(({ id }) => id),
        ['a', 'c'],
        'the first page',
      );
      await fill(index, { b: { size: 2 }, bb: { size: 2.5 }, e: { size: 5 } });
      await index.apply(['c', 'd'].map((id) => ({ id, version: { epoch: '1', value: 2n }, document: null })));
      await index.refresh();
      const second = await index.search({ ...request, after: first.next ?? '' });
      mustEqual(
        second.hits.map(({ id }) => id),
        ['e', 'f'],
        'the second page',
      );
    }),

    check('a cursor that is none, or that of another request, is refused', async (index) => {
      await fill(index, { a: { size: 1 }, b: { size: 2 }, c: { size: 3 } });
      const { next = '' } = await index.search({ limit: 1, sort: [{ field: 'size', order: 'asc' }] });
      mustHold(next !== '', 'a page before the last has `next`');
      const bad: SearchRequest[] = [
        { after: 'rubbish' },
        { after: '' },
        { after: next, sort: [{ field: 'size', order: 'desc' }] },
        { after: next, sort: [{ field: 'size', order: 'asc' }], text: 'x' },
        { after: next },
        { after: next, sort: [{ field: 'size', order: 'asc' }], ties: [{ field: 'status', order: 'asc' }] },
      ];
      for (const request of bad) {
        const error = await mustReject(() => index.search(request), 'a foreign cursor rejects');
        mustEqual(error.code, 'SEARCH_CURSOR_INVALID', 'the code');
      }
    }),

    check('a request for what there cannot be is refused', async (index) => {
      await fill(index, { a: { size: 1 } });
      const cases: [SearchRequest, string][] = [
        [{ where: { none: 1 } }, 'SEARCH_FIELD_UNKNOWN'],
        [{ where: { constructor: 1 } as never }, 'SEARCH_FIELD_UNKNOWN'],
        [{ where: { title: 'x' } }, 'SEARCH_FIELD_UNKNOWN'],
        [{ sort: [{ field: 'none', order: 'asc' }] }, 'SEARCH_FIELD_UNKNOWN'],
        [{ sort: [{ field: 'title', order: 'asc' }] }, 'SEARCH_FIELD_UNKNOWN'],
        [{ ties: [{ field: 'body', order: 'asc' }] }, 'SEARCH_FIELD_UNKNOWN'],
        [{ where: { size: 'large' } }, 'SEARCH_REQUEST_INVALID'],
        [{ where: { made: { gte: 'yesterday' } } }, 'SEARCH_REQUEST_INVALID'],
        [{ limit: -1 }, 'SEARCH_REQUEST_INVALID'],
        [{ limit: 1_001 }, 'SEARCH_REQUEST_INVALID'],
        [{ limit: 1.5 }, 'SEARCH_REQUEST_INVALID'],
        [{ skip: -1 }, 'SEARCH_REQUEST_INVALID'],
        [{ skip: 10_000 }, 'SEARCH_REQUEST_INVALID'],
      ];
      for (const [request, code] of cases) {
        const error = await mustReject(() => index.search(request), `${JSON.stringify(request)} rejects`);
        mustEqual(error.code, code, `the code for ${JSON.stringify(request)}`);
      }
    }),
  ];
}
