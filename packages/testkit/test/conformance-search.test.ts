import { describe, test } from 'vitest';
import { conformance, type SearchIndexFixture, searchIndexConformance } from '../src/conformance/index.js';
import { memorySearch } from '../src/index.js';
import { expectBroken } from './expect-broken.js';
import { brokenSearch, type SearchDefect } from './fixtures/broken-search.js';
import { leaking } from './fixtures/leaking.js';

const search = (defect?: SearchDefect) =>
  searchIndexConformance({
    name: 'memorySearch',
    features: { fuzzy: true, highlights: true, facets: true, suggest: true },
    async create(fields) {
      const make = () => (defect ? brokenSearch(defect, fields) : memorySearch({ fields }));
      const index = make();
      return {
        index: () => (defect === 'gone when reopened' ? make() : index),
        async [Symbol.asyncDispose]() {},
      };
    },
  });

conformance(search(), { describe, test });

describe('a broken search index is found by the promise that it breaks', () => {
  const OLDER = 'an older version, or the same again, changes nothing';
  const REMEMBERED = 'a deletion is remembered: older writes that come later do not bring the document back';
  const NUMBERS = 'versions are compared as numbers, also beyond 64 bits';
  const NAMED = 'a change that is refused is named, and the others are applied';
  const SORTED = 'sorts by fields, then by id; what has no value comes last';
  const REQUEST = 'a request for what there cannot be is refused';
  test.each<[SearchDefect, string]>([
    ['loses one', 'takes 1,000 changes at once'],
    ['search that takes older versions', OLDER],
    ['search that takes older versions', 'of many that apply at once the newest version stays'],
    ['forgets deletions', REMEMBERED],
    ['ignores deletions', REMEMBERED],
    ['merges documents', 'a newer version replaces the whole document'],
    ['versions of 64 bits', NUMBERS],
    ['versions as text', NUMBERS],
    ['takes any epoch', 'a version of another epoch is refused until it is adopted'],
    ['swallows an error', NAMED],
    ['names the wrong one', NAMED],
    ['all or nothing', NAMED],
    ['finds any of the words', 'finds documents that have all the words, in any case, order and text field'],
    ['text is a pattern', 'text is data: nothing in it is special'],
    ['no weights', 'the better match comes first: a field counts by its weight'],
    ['ignores the second condition', 'finds what fulfils every condition'],
    ['nothing comes first', SORTED],
    ['sorts by text', SORTED],
    ['ties by id', 'hits of equal rank are sorted by what decides ties, then by id'],
    ['keyword by its words', 'text that is a keyword too is found by its words, and used as a whole'],
    ['counts the page', 'a page has `limit` hits, and the total counts all'],
    ['pages by number', 'a page goes on where the one before ended, whatever came or went meanwhile'],
    ['last page has more', 'pages go on after one another, each hit once'],
    ['any cursor', 'a cursor that is none, or that of another request, is refused'],
    ['no limit', REQUEST],
    ['highlights as it is', 'shows matches in <em>, and the rest of the text escaped'],
    ['finds words only as they are', 'finds words with a letter too few, too many or wrong'],
    ['facets of the page', 'counts the values of fields over all that matches'],
    ['suggests twice', 'suggests values by how a word begins, each once'],
    ['gone when reopened', 'documents and deletions outlast the index object'],
  ])('%s', (defect, name) => expectBroken(search(defect), name));
});

test('a search index that leaks on close is found', () => {
  const suite = searchIndexConformance({
    name: 'leaks',
    features: memorySearch({ fields: {} }).features,
    create: async (fields) =>
      leaking<SearchIndexFixture>('index', { index: () => memorySearch({ fields }), async [Symbol.asyncDispose]() {} }),
  });
  return expectBroken(suite, 'a closed index leaves nothing open');
}, 20_000);
