import type { SearchFeatures } from '@sluice/contracts';
import { mustEqual, mustHold } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, fill, idsOf } from './search-fixture.js';

/** What an index may leave out: highlights, facets, words with a slip, suggestions. */
export function optionalPromises(check: Check, features: SearchFeatures): ConformanceTest[] {
  const unless = (name: keyof SearchFeatures, reason: string) => (features[name] ? false : reason);

  return [
    check(
      'shows matches in <em>, and the rest of the text escaped',
      async (index) => {
        await fill(index, { a: { title: 'An <b>apple</b> & "pear"', body: 'nothing' }, b: { body: 'Apple' } });
        const { hits } = await index.search({ text: 'apple', highlight: ['title', 'body'] });
        const highlights = Object.fromEntries(hits.map((hit) => [hit.id, hit.highlights ?? {}]));
        const [title = ''] = highlights['a']?.['title'] ?? [];
        mustHold(title.includes('<em>apple</em>'), 'the match', title);
        mustHold(!/<(?!\/?em>)/.test(title), 'no markup but <em>', title);
        mustEqual(highlights['a']?.['body'], undefined, 'a field without a match');
        mustEqual(highlights['b']?.['body'], ['<em>Apple</em>'], 'another document');
      },
      unless('highlights', 'it shows no matches'),
    ),

    check(
      'counts the values of fields over all that matches',
      async (index) => {
        const documents = Array.from({ length: 30 }, (_, n) => [
          `d${n}`,
          {
            title: n < 20 ? 'apple' : 'pear',
            status: `s${n % 3}`,
            open: n % 2 === 0,
            ...(n < 5 ? { size: 7, author: 'Ann Lee' } : {}),
          },
        ]);
        await fill(index, Object.fromEntries(documents));
        const names = ['status', 'open', 'size', 'author'];
        const { facets } = await index.search({ text: 'apple', limit: 1, facets: names });
        const expected = {
          status: [
            { value: 's0', count: 7 },
            { value: 's1', count: 7 },
            { value: 's2', count: 6 },
          ],
          open: [
            { value: false, count: 10 },
            { value: true, count: 10 },
          ],
          size: [{ value: 7, count: 5 }],
          author: [{ value: 'Ann Lee', count: 5 }],
        };
        mustEqual<unknown>({ ...facets }, expected, 'the counts, the most frequent first');
      },
      unless('facets', 'it counts no values'),
    ),

    check(
      'finds words with a letter too few, too many or wrong',
      async (index) => {
        await fill(index, { a: { title: 'contract about elephants' }, b: { title: 'apple' } });
        for (const text of ['contrat', 'contracct', 'kontract', 'cotnract', 'conrtact', 'elephents contract']) {
          mustEqual(await idsOf(index, { text }), ['a'], `found by "${text}"`);
        }
        mustEqual(await idsOf(index, { text: 'hippopotamus' }), [], 'found by another word');
        await fill(index, { c: { title: 'contrast' }, d: { title: 'contract' }, e: { title: '12345' } });
        mustEqual(await idsOf(index, { text: 'contrast' }), ['c', 'a', 'd'], 'the word as it is before others');
        mustEqual(await idsOf(index, { text: '12346' }), [], 'found by another number');
      },
      unless('fuzzy', 'it finds words only as they are'),
    ),

    check(
      'suggests values by how a word begins, each once',
      async (index) => {
        await fill(index, {
          a: { title: 'Contract of sale' },
          b: { title: 'Sale of contracts' },
          c: { title: 'Contract of sale' },
          d: { title: 'Invoice', body: 'contract' },
        });
        const suggest = async (text: string, limit = 10) => [
          ...((await index.suggest?.(text, { field: 'title', limit })) ?? []),
        ];
        mustEqual(await suggest('con'), ['Contract of sale', 'Sale of contracts'], 'the most frequent first');
        mustEqual(await suggest('CONTRACTS'), ['Sale of contracts'], 'in any case');
        mustEqual(await suggest('con', 1), ['Contract of sale'], 'with a limit');
        mustEqual(await suggest('contract sa'), ['Contract of sale'], 'by several words');
        mustEqual(await suggest('contr sale'), [], 'by a part of a word that is not the last');
        mustEqual(await suggest('tract'), [], 'by the end of a word');
        mustEqual(await suggest('%'), [], 'by what is special elsewhere');
      },
      unless('suggest', 'it suggests nothing'),
    ),
  ];
}
