import { awkwardTexts } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, revisionOf, writeNew } from './state-store-fixture.js';

const FUTURE = new Date('2999-01-01T00:00:00Z');
const PAST = new Date('1999-01-01T00:00:00Z');

/** The order of keys, and the events that are accounted for. */
export function inboxPromises(check: Check): ConformanceTest[] {
  return [
    check('scans by key, in the order of code units, whatever the language', async (store) => {
      const keys = [
        'a',
        'B',
        'Z',
        'z',
        'é',
        'e',
        '_',
        '-',
        '10',
        '9',
        'ß',
        'ss',
        '\u{1F511}',
        '\uFF5E',
        '',
        ...awkwardTexts,
      ];
      const ordered = [...new Set(keys)].sort();
      await writeNew(
        store,
        ordered.toReversed().map((key) => [key, key.length]),
      );
      await writeNew(store, [['elsewhere', 1]], [], 'other');
      const scanned = await store.scan('scope', { limit: 100 });
      mustEqual(
        scanned.map(({ key }) => key),
        ordered,
        'the keys',
      );
      mustEqual(
        scanned.map(({ entry: { value } }) => value),
        ordered.map(({ length }) => length),
        'their values',
      );
      mustEqual(scanned[3]?.entry.revision, await revisionOf(store, ordered[3] ?? ''), 'the revision of one');
      mustEqual((await store.scan('scope')).length > 0, true, 'a scan without options finds something');
      mustEqual(await store.scan('none'), [], 'a scope that there is not');
    }),

    check('a scan goes on after a key, `limit` entries at a time', async (store) => {
      const keys = Array.from({ length: 25 }, (_, n) => `k${n}`).sort();
      await writeNew(
        store,
        keys.map((key) => [key, 0]),
      );
      const found: string[] = [];
      for (let after: string | undefined; found.length <= 25; after = found.at(-1)) {
        const page = await store.scan('scope', { limit: 10, ...(after === undefined ? {} : { after }) });
        mustEqual(page.length <= 10, true, 'entries of a page are `limit` at most');
        if (page.length === 0) break;
        found.push(...page.map(({ key }) => key));
      }
      mustEqual(found, keys, 'the keys of all pages');
      const removed = keys[4] ?? '';
      await store.write('scope', {
        writes: [{ key: removed, value: undefined, expected: await revisionOf(store, removed) }],
      });
      const [next] = await store.scan('scope', { after: removed, limit: 1 });
      mustEqual(next?.key, keys[5], 'the key after one that was removed');
      const [around] = await store.scan('scope', { after: keys[3] ?? '', limit: 1 });
      mustEqual(around?.key, keys[5], 'a removed key is not scanned');
    }),

    check('ids that were written are in the inbox, in their scope alone', async (store) => {
      await writeNew(store, [['a', 1]], awkwardTexts);
      mustEqual(await store.write('scope', { writes: [], seen: ['alone'] }), 'written', 'ids without values');
      mustEqual(await store.write('scope', { writes: [], seen: ['alone', 'more'] }), 'written', 'an id that is there');
      mustEqual(await store.write('other', { writes: [], seen: ['of another scope'] }), 'written', 'another scope');
      const asked = [...awkwardTexts, 'alone', 'more', 'unknown', 'of another scope', 'constructor_'];
      const found = [...(await store.seen('scope', asked))].sort();
      mustEqual(found, [...awkwardTexts, 'alone', 'more'].sort(), 'those of the ids that are in the inbox');
      mustEqual([...(await store.seen('scope', ['alone']))], ['alone'], 'nothing but what was asked for');
      mustEqual((await store.seen('scope', [])).size, 0, 'nothing, asked for nothing');
    }),

    check('values and ids of one write become visible together', async (store, fixture) => {
      await using reader = fixture.store();
      let done = false;
      const writing = (async () => {
        for (let n = 1; n <= 40; n += 1) {
          const writes = [{ key: 'n', value: n, expected: await revisionOf(store, 'n') }];
          mustEqual(await store.write('scope', { writes, seen: [`e${n}`] }), 'written', 'a write');
        }
      })().finally(() => {
        done = true;
      });
      const ids = Array.from({ length: 40 }, (_, n) => `e${n + 1}`);
      let torn: unknown;
      while (!done && torn === undefined) {
        const before = Number((await reader.read('scope', ['n'])).get('n')?.value ?? 0);
        const seen = (await reader.seen('scope', ids)).size;
        const after = Number((await reader.read('scope', ['n'])).get('n')?.value ?? 0);
        if (seen < before || seen > after) torn = { before, seen, after };
        await new Promise(setImmediate); // a store in memory must come to its turn
      }
      await writing;
      mustEqual(torn, undefined, 'the inbox between two reads of the value has at least the first, at most the second');
    }),

    check('a closed store leaves nothing open', (_, fixture) =>
      leavesNothingOpen(
        () => fixture.store(),
        async (store) => {
          const writes = [{ key: 'a', value: 1, expected: await revisionOf(store, 'a') }];
          await store.write('scope', { writes, seen: ['e'] });
        },
      ),
    ),

    check('ids are forgotten that were put there before a time, and no others', async (store) => {
      await writeNew(store, [['a', 1]], ['e1', 'e2']);
      await store.write('other', { writes: [], seen: ['e1'] });
      mustEqual(await store.forget('scope', PAST), 0, 'forgotten of those from long ago');
      mustEqual((await store.seen('scope', ['e1', 'e2'])).size, 2, 'ids after that');
      mustEqual(await store.forget('scope', FUTURE), 2, 'forgotten of all');
      mustEqual((await store.seen('scope', ['e1', 'e2'])).size, 0, 'ids after all were forgotten');
      mustEqual(await store.forget('scope', FUTURE), 0, 'forgotten again');
      mustEqual((await store.seen('other', ['e1'])).size, 1, 'ids of another scope');
      mustEqual((await store.read('scope', ['a'])).size, 1, 'values stay');
    }),
  ];
}
