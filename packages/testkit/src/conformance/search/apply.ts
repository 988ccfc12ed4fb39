import { isBatchError, type SearchDocument } from '@sluice/contracts';
import { awkwardTexts } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { applyOne, type Check, FIELDS, idsOf, type SearchIndexUnderTest } from './search-fixture.js';

/** What becomes of changes, in whatever order they come. */
export function applyPromises(check: Check, subject: SearchIndexUnderTest): ConformanceTest[] {
  return [
    check('declares the features and the fields it was made with', async (index) => {
      mustEqual({ ...index.features }, { ...subject.features }, 'features');
      mustEqual(index.features.suggest, index.suggest !== undefined, 'whether `suggest` is there');
      mustEqual(Object.keys(index.fields).sort(), Object.keys(FIELDS).sort(), 'fields');
    }),

    check('what was applied is there at once, and found after a refresh', async (index) => {
      const document = {
        title: 'One',
        size: 1.5,
        open: false,
        made: '2026-01-02T03:04:05.678Z',
        status: null,
        more: 'x',
      };
      mustEqual(await applyOne(index, 'a', 7n, document), { applied: 1, older: 0 }, 'the answer');
      mustEqual(await index.get('a'), { document, version: { epoch: '1', value: 7n } }, 'the document and its version');
      mustEqual(await index.get('none'), undefined, 'a document that there is not');
      await index.refresh();
      const { hits, total } = await index.search({});
      mustEqual([hits.map(({ id, document: found }) => [id, found]), total], [[['a', document]], 1], 'what is found');
      mustEqual(await index.apply([]), { applied: 0, older: 0 }, 'an apply of nothing');
    }),

    check('a newer version replaces the whole document', async (index) => {
      await applyOne(index, 'a', 1n, { title: 'old words', status: 'x', size: 1 });
      await applyOne(index, 'a', 2n, { title: 'new' });
      mustEqual((await index.get('a'))?.document, { title: 'new' }, 'the document');
      await index.refresh();
      mustEqual(await idsOf(index, { text: 'old' }), [], 'found by words of before');
      mustEqual(await idsOf(index, { where: { status: 'x' } }), [], 'found by a value of before');
      mustEqual(await idsOf(index, { text: 'new' }), ['a'], 'found by its words');
    }),

    check('an older version, or the same again, changes nothing', async (index) => {
      await applyOne(index, 'a', 5n, { title: 'five' });
      for (const version of [4n, 5n, 1n]) {
        mustEqual(await applyOne(index, 'a', version, { title: 'late' }), { applied: 0, older: 1 }, 'the answer');
        mustEqual(await applyOne(index, 'a', version, null), { applied: 0, older: 1 }, 'the answer to a late deletion');
      }
      const found = await index.get('a');
      mustEqual([found?.document, found?.version.value], [{ title: 'five' }, 5n], 'the document');
      await index.refresh();
      mustEqual(await idsOf(index, { text: 'late' }), [], 'found by words that came late');
    }),

    check('of one document’s changes in one apply the newest counts', async (index) => {
      const change = (id: string, value: bigint, title: string | null) => ({
        ...{ id, version: { epoch: '1', value } },
        document: title === null ? null : { title },
      });
      await index.apply([
        change('a', 1n, 'one'),
        change('a', 3n, 'three'),
        change('a', 2n, 'two'),
        change('b', 1n, 'one'),
      ]);
      await index.apply([change('b', 3n, null), change('b', 2n, 'two'), change('c', 2n, 'two'), change('c', 1n, null)]);
      const titles = await Promise.all(['a', 'b', 'c'].map(async (id) => (await index.get(id))?.document['title']));
      mustEqual(titles, ['three', undefined, 'two'], 'the documents');
    }),

    check('a deletion is remembered: older writes that come later do not bring the document back', async (index) => {
      await applyOne(index, 'a', 1n, { title: 'made' });
      mustEqual(await applyOne(index, 'a', 3n, null), { applied: 1, older: 0 }, 'the answer to a deletion');
      mustEqual(
        await applyOne(index, 'never', 3n, null),
        { applied: 1, older: 0 },
        'a deletion of what was never there',
      );
      await index.refresh();
      mustEqual([await index.get('a'), await idsOf(index)], [undefined, []], 'after deletions');
      for (const id of ['a', 'never']) {
        mustEqual(await applyOne(index, id, 2n, { title: 'late' }), { applied: 0, older: 1 }, 'a late write');
      }
      await index.refresh();
      mustEqual(
        [await index.get('a'), await index.get('never'), await idsOf(index)],
        [undefined, undefined, []],
        'after late writes',
      );
      await applyOne(index, 'a', 4n, { title: 'again' });
      mustEqual((await index.get('a'))?.document, { title: 'again' }, 'after a newer write');
    }),

    check('versions are compared as numbers, also beyond 64 bits', async (index) => {
      const pairs: [bigint, bigint][] = [
        [9n, 10n],
        [2n ** 53n, 2n ** 53n + 1n],
        [2n ** 63n - 1n, 2n ** 63n],
        [2n ** 64n, 2n ** 64n + 1n],
        [2n ** 95n, 2n ** 95n + 1n],
        [0n, 2n ** 96n - 1n],
      ];
      for (const [at, [older, newer]] of pairs.entries()) {
        await applyOne(index, `n${at}`, older, { title: 'older' });
        await applyOne(index, `n${at}`, newer, { title: 'newer' });
        await applyOne(index, `n${at}`, older, { title: 'late' });
        const found = await index.get(`n${at}`);
        mustEqual([found?.document['title'], found?.version.value], ['newer', newer], `${older} and ${newer}`);
      }
    }),

    check('a version of another epoch is refused until it is adopted', async (index) => {
      const of = (epoch: string, title: string) => [{ id: 'a', version: { epoch, value: 1n }, document: { title } }];
      await applyOne(index, 'a', 5n, { title: 'mine' });
      const error = await mustReject(() => index.apply(of('2', 'foreign')), 'another epoch rejects');
      const code = isBatchError(error) ? error.failures.get(0)?.code : error.code;
      mustEqual(code, 'SEARCH_EPOCH_CHANGED', 'the code');
      mustEqual((await index.get('a'))?.document['title'], 'mine', 'the document after that');
      mustEqual(await index.apply(of('2', 'adopted'), { adopt: true }), { applied: 1, older: 0 }, 'adopted');
      mustEqual((await index.get('a'))?.version, { epoch: '2', value: 1n }, 'its version then');
    }),

    check('a change that is refused is named, and the others are applied', async (index) => {
      const documents: SearchDocument[] = [
        { title: 'a' },
        { size: 'ten' },
        { title: 'c' },
        { made: 'no date' },
        { open: true },
      ];
      const version = { epoch: '1', value: 1n };
      const changes = documents.map((document, n) => ({ id: `d${n}`, version, document }));
      changes.push({ id: '', version, document: { title: 'no id' } });
      changes.push({ id: 'é'.repeat(257), version, document: { title: 'too long' } });
      const error = await mustReject(() => index.apply(changes), 'an apply with bad changes rejects');
      mustHold(isBatchError(error), 'with a BatchError', error.code);
      mustEqual([...error.failures.keys()].sort(), [1, 3, 5, 6], 'the indexes of the bad changes');
      await index.refresh();
      mustEqual((await idsOf(index)).sort(), ['d0', 'd2', 'd4'], 'the documents');
    }),

    check('any text is a value, and any of up to 512 bytes an id', async (index) => {
      const ids = [
        ...awkwardTexts.filter((text) => text !== '' && text.length <= 256),
        'x'.repeat(512),
        '.',
        '..',
        'a/b',
        '_id',
        'a,b',
      ];
      for (const [at, id] of ids.entries()) await applyOne(index, id, 1n, { title: id, status: id, size: at });
      for (const [at, id] of ids.entries()) {
        mustEqual((await index.get(id))?.document, { title: id, status: id, size: at }, 'a document by its id');
      }
      await index.refresh();
      mustEqual((await idsOf(index)).sort(), [...ids].sort(), 'the ids');
      for (const id of ids) mustEqual(await idsOf(index, { where: { status: id } }), [id], 'found by its value');
    }),

    check('takes 1,000 changes at once', async (index) => {
      const ids = Array.from({ length: 1_000 }, (_, n) => `d${n}`);
      const version = { epoch: '1', value: 1n };
      const answer = await index.apply(
        ids.map((id, n) => ({ id, version, document: { title: `document ${n}`, size: n } })),
      );
      mustEqual(answer, { applied: 1_000, older: 0 }, 'the answer');
      await index.refresh();
      mustEqual((await index.search({ limit: 0 })).total, 1_000, 'documents');
    }),

    check('of many that apply at once the newest version stays', async (_, fixture) => {
      const indexes = Array.from({ length: 5 }, () => fixture.index());
      const versions = Array.from({ length: 20 }, (_each, n) => BigInt(((n * 7) % 20) + 1));
      await Promise.all(
        versions.map((value, n) => {
          const index = indexes[n % 5];
          return index ? applyOne(index, 'a', value, { size: Number(value) }) : undefined;
        }),
      );
      const found = await indexes[0]?.get('a');
      mustEqual([found?.document, found?.version.value], [{ size: 20 }, 20n], 'the document');
      for (const index of indexes) await index[Symbol.asyncDispose]();
    }),

    check('a closed index leaves nothing open', (_, fixture) =>
      leavesNothingOpen(
        () => fixture.index(),
        async (index) => {
          await applyOne(index, 'a', 1n, { title: 'one' });
          await index.search({});
        },
      ),
    ),

    check(
      'documents and deletions outlast the index object',
      async (index, fixture) => {
        await applyOne(index, 'a', 2n, { title: 'kept' });
        await applyOne(index, 'b', 2n, null);
        await index[Symbol.asyncDispose]();
        await using second = fixture.index();
        mustEqual((await second.get('a'))?.document, { title: 'kept' }, 'the document after reopening');
        mustEqual(await applyOne(second, 'b', 1n, { title: 'late' }), { applied: 0, older: 1 }, 'a late write');
      },
      subject.volatile,
    ),
  ];
}
