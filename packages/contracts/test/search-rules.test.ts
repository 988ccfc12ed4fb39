import { expect, test } from 'vitest';
import {
  refuseBadSearchRequest,
  refuseBadSuggestion,
  type SearchFields,
  searchFieldKind,
  searchWords,
  wrongSearchChange,
} from '../src/index.js';

const fields: SearchFields = {
  title: { kind: 'text' },
  author: { kind: 'text', keyword: true },
  size: { kind: 'number' },
  made: { kind: 'date' },
};

test.each([
  ['Red apple, GREEN-pear', ['red', 'apple', 'green', 'pear']],
  ["it's 3.5 km", ['it', 's', '3', '5', 'km']],
  ['re\u0301sume\u0301 Ключ 鍵 🔑', ['résumé', 'ключ', '鍵']],
  ['', []],
  ['%_\u0000\ud800', []],
])('the words of %j', (text, words) => {
  expect(searchWords(text)).toEqual(words);
});

test('text is a keyword where the field says so', () => {
  expect(['title', 'author', 'size'].map((name) => searchFieldKind(fields, name))).toEqual([
    'text',
    'keyword',
    'number',
  ]);
  for (const name of ['none', 'constructor', '__proto__']) {
    expect(() => searchFieldKind(fields, name)).toThrow(expect.objectContaining({ code: 'SEARCH_FIELD_UNKNOWN' }));
  }
});

test('requests and changes that no index can take are refused', () => {
  const order = (field: string) => [{ field, order: 'asc' as const }];
  refuseBadSearchRequest(
    { sort: order('author'), ties: order('size'), facets: ['author'], highlight: ['title'] },
    fields,
  );
  for (const request of [
    { sort: order('title') },
    { ties: order('title') },
    { facets: ['title'] },
    { highlight: ['size'] },
  ]) {
    expect(() => refuseBadSearchRequest(request, fields)).toThrow(
      expect.objectContaining({ code: 'SEARCH_FIELD_UNKNOWN' }),
    );
  }
  for (const request of [{ limit: 1_001 }, { skip: 9_991 }, { after: 'x', skip: 1 }, { where: { size: '1' } }]) {
    expect(() => refuseBadSearchRequest(request, fields)).toThrow(
      expect.objectContaining({ code: 'SEARCH_REQUEST_INVALID' }),
    );
  }
  refuseBadSuggestion('title', 100, fields);
  expect(() => refuseBadSuggestion('size', 1, fields)).toThrow(
    expect.objectContaining({ code: 'SEARCH_FIELD_UNKNOWN' }),
  );
  expect(() => refuseBadSuggestion('title', 101, fields)).toThrow(
    expect.objectContaining({ code: 'SEARCH_REQUEST_INVALID' }),
  );
  const version = { epoch: '1', value: 1n };
  expect(
    wrongSearchChange({ id: 'a', version, document: { size: 1, made: '2026-01-01', more: true } }, fields),
  ).toBeUndefined();
  for (const document of [{ size: Number.NaN }, { made: 'soon' }, { author: 1 }]) {
    expect(wrongSearchChange({ id: 'a', version, document }, fields)).toMatchObject({
      code: 'SEARCH_DOCUMENT_REFUSED',
    });
  }
  expect(wrongSearchChange({ id: '', version, document: null }, fields)).toMatchObject({
    code: 'SEARCH_DOCUMENT_REFUSED',
  });
});
