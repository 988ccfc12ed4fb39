import type { StateValue } from '@sluice/contracts';
import { awkwardTexts, longText } from '../awkward.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, revisionOf, type StateStoreUnderTest, valuesOf, writeNew } from './state-store-fixture.js';

/** Values, keys and revisions. */
export function writePromises(check: Check, subject: StateStoreUnderTest): ConformanceTest[] {
  return [
    check('what was written is read; a key that is not there is left out', async (store) => {
      mustEqual((await store.read('scope', ['a'])).size, 0, 'entries at first');
      await writeNew(store, [
        ['a', 1],
        ['b', 2],
      ]);
      mustEqual(
        await valuesOf(store, ['b', 'x', 'a']),
        [
          ['a', 1],
          ['b', 2],
        ],
        'the values of the keys that there are',
      );
      mustEqual(await valuesOf(store, []), [], 'the values of no keys');
      mustEqual(await store.write('scope', { writes: [] }), 'written', 'a write of nothing');
    }),

    check('keeps anything that JSON can say', async (store) => {
      const values: StateValue[] = [
        null,
        false,
        '',
        'a\u0000b \r\n é 鍵 🔑',
        0,
        -0.1,
        1e21,
        5e-324,
        Number.MAX_SAFE_INTEGER,
        [],
        {},
        [[null, [1]], { a: [{}] }],
        JSON.parse('{"__proto__": {"polluted": true}, "": 1, "toString": null}') as StateValue,
        longText(200_000),
      ];
      const keyed = values.map((value, n) => [`k${String(n).padStart(2, '0')}`, value] as const);
      await writeNew(store, keyed);
      mustEqual(
        await valuesOf(
          store,
          keyed.map(([key]) => key),
        ),
        keyed.map(([key, value]) => [key, value]),
        'the values',
      );
    }),

    check('keys may be any text of up to 10,000 characters', async (store) => {
      const keyed = [...awkwardTexts].sort().map((key, n) => [key, n] as const);
      await writeNew(store, keyed);
      mustEqual(
        await valuesOf(store, awkwardTexts),
        keyed.map(([key, n]) => [key, n]),
        'values by their keys',
      );
      for (const [key, value] of keyed) mustEqual(await valuesOf(store, [key]), [[key, value]], 'a key by itself');
      for (const [key] of keyed) {
        const write = { key, value: undefined, expected: await revisionOf(store, key) };
        mustEqual(await store.write('scope', { writes: [write] }), 'written', 'a removal');
      }
      mustEqual(await valuesOf(store, awkwardTexts), [], 'values after all were removed');
    }),

    check('a value does not change with the object that was given or read', async (store) => {
      const given = { list: [1] };
      await writeNew(store, [['a', given]]);
      given.list.push(2);
      const read = (await store.read('scope', ['a'])).get('a')?.value as { list?: number[] } | undefined;
      try {
        read?.list?.push(3);
      } catch {
        // A frozen one would do as well.
      }
      mustEqual(await valuesOf(store, ['a']), [['a', { list: [1] }]], 'the value as it was written');
    }),

    check('a revision is at least 1, and grows with every write of the key', async (store) => {
      await writeNew(store, [['a', 0]]);
      let last = await revisionOf(store, 'a');
      mustHold(last >= 1n, 'the first revision is at least 1', last);
      for (let value = 1; value <= 12; value += 1) {
        const change = { writes: [{ key: 'a', value, expected: last }] };
        mustEqual(await store.write('scope', change), 'written', 'a write with the revision that was read');
        const next = await revisionOf(store, 'a');
        mustHold(next > last, 'a revision above the one before it', [last, next]);
        last = next;
      }
      mustEqual(await valuesOf(store, ['a']), [['a', 12]], 'the last value');
    }),

    check('a revision does not come back when its key is removed and written anew', async (store) => {
      await writeNew(store, [['a', 1]]);
      const old = await revisionOf(store, 'a');
      const remove = { writes: [{ key: 'a', value: undefined, expected: old }] };
      mustEqual(await store.write('scope', remove), 'written', 'a removal');
      mustEqual(await valuesOf(store, ['a']), [], 'the key after its removal');
      await writeNew(store, [['a', 2]]);
      const anew = await revisionOf(store, 'a');
      mustHold(anew > old, 'the revision of the key that was written anew is greater', [old, anew]);
      const late = { writes: [{ key: 'a', value: 3, expected: old }] };
      mustEqual(await store.write('scope', late), 'conflict', 'a write with the revision from before the removal');
    }),

    check('a write with another revision than the expected one is a conflict', async (store) => {
      await writeNew(store, [['a', 1]]);
      const first = await revisionOf(store, 'a');
      await store.write('scope', { writes: [{ key: 'a', value: 2, expected: first }] });
      const second = await revisionOf(store, 'a');
      const cases: [string, bigint][] = [
        ['a', first],
        ['a', 0n],
        ['a', second + 1n],
        ['none', 1n],
      ];
      for (const [key, expected] of cases) {
        for (const value of [9, undefined]) {
          const outcome = await store.write('scope', { writes: [{ key, value, expected }] });
          mustEqual(outcome, 'conflict', `${value === undefined ? 'a removal' : 'a write'} expecting another revision`);
        }
      }
      mustEqual(await valuesOf(store, ['a', 'none']), [['a', 2]], 'the values after conflicts');
    }),

    check('a write is all or nothing: a conflict leaves neither values nor ids', async (store) => {
      await writeNew(store, [['taken', 1]]);
      for (const at of [0, 1, 2]) {
        const writes = ['a', 'b'].map((key) => ({ key, value: 1, expected: 0n }));
        writes.splice(at, 0, { key: 'taken', value: 2, expected: 0n });
        mustEqual(
          await store.write('scope', { writes, seen: ['e1'] }),
          'conflict',
          'one stale revision among good ones',
        );
      }
      mustEqual(await valuesOf(store, ['a', 'b', 'taken']), [['taken', 1]], 'values after conflicts');
      mustEqual((await store.seen('scope', ['e1'])).size, 0, 'ids in the inbox after conflicts');
    }),

    check('of many that write the same key at once, one writes', async (_, fixture) => {
      const stores = Array.from({ length: 6 }, () => fixture.store());
      for (let round = 0; round < 5; round += 1) {
        const outcomes = await Promise.all(
          stores.map((store, n) => {
            const both = [`a${round}`, `b${round}`].map((key) => ({ key, value: n, expected: 0n }));
            return store.write('scope', { writes: n % 2 === 0 ? both : both.reverse(), seen: [`e${round}-${n}`] });
          }),
        );
        const won = outcomes.flatMap((outcome, n) => (outcome === 'written' ? [n] : []));
        mustEqual(won.length, 1, 'writes that succeeded');
        const [store] = stores;
        const found = (await store?.read('scope', [`a${round}`, `b${round}`])) ?? new Map();
        mustEqual(
          [...found.values()].map(({ value }) => value),
          [won[0], won[0]],
          'the values of the one that won',
        );
        const ids = await store?.seen(
          'scope',
          outcomes.map((_each, n) => `e${round}-${n}`),
        );
        mustEqual([...(ids ?? [])], [`e${round}-${won[0]}`], 'the inbox');
      }
      for (const store of stores) await store[Symbol.asyncDispose]();
    }),

    check('writes and reads 1,000 keys at once', async (store) => {
      const keys = Array.from({ length: 1_000 }, (_, n) => `k${String(n).padStart(4, '0')}`);
      await writeNew(
        store,
        keys.map((key, n) => [key, { n }]),
        keys,
      );
      mustEqual(
        await valuesOf(store, keys),
        keys.map((key, n) => [key, { n }]),
        'the values',
      );
      mustEqual((await store.seen('scope', keys)).size, 1_000, 'ids in the inbox');
    }),

    check('scopes do not share values', async (store) => {
      for (const scope of ['scope', 'other', 'sco', 'scope/', '__proto__'])
        await writeNew(store, [['a', scope]], [], scope);
      for (const scope of ['scope', 'other', 'sco', 'scope/', '__proto__']) {
        mustEqual(await valuesOf(store, ['a'], scope), [['a', scope]], 'the value of a scope');
      }
    }),

    check(
      'values, revisions and the inbox outlast the store object',
      async (store, fixture) => {
        await writeNew(store, [['a', 1]], ['e1']);
        const revision = await revisionOf(store, 'a');
        await store[Symbol.asyncDispose]();
        await using second = fixture.store();
        mustEqual(await valuesOf(second, ['a']), [['a', 1]], 'the value after reopening');
        mustEqual(await revisionOf(second, 'a'), revision, 'its revision');
        mustEqual([...(await second.seen('scope', ['e1', 'e2']))], ['e1'], 'the inbox');
      },
      subject.volatile,
    ),
  ];
}
