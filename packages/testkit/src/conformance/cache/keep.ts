import { waitFor } from '../../wait/wait-for.js';
import { awkwardTexts, longText } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type CacheUnderTest, type Check, LONG, mustHave } from './cache-fixture.js';

/** Values, keys, and how long they last. */
export function keepPromises(check: Check, { features, tooLarge }: CacheUnderTest): ConformanceTest[] {
  return [
    check('declares the features it was enrolled with', async (cache) => {
      mustEqual({ ...cache.features }, { ...features }, 'features');
    }),

    check('what was set is read, and what was not is undefined', async (cache) => {
      await cache.set({ key: 'a', version: 1, value: 'one' }, LONG);
      await cache.set({ key: 'b', version: 7, value: '' }, LONG);
      await mustHave(cache, 'a', 'one', 'a value');
      await mustHave(cache, 'b', '', 'an empty value');
      await mustHave(cache, 'c', undefined, 'the value of a key that was never set');
    }),

    check('any text of up to 512 bytes is a key, and any text a value', async (cache) => {
      const texts = awkwardTexts.filter((text) => text !== '' && text.length < 500);
      const keys = [...texts, 'k'.repeat(512), 'é'.repeat(256), 'e\u0301', '\u00e9', 'a', 'A'];
      for (const [at, key] of keys.entries()) await cache.set({ key, version: at, value: `${at}${key}` }, LONG);
      for (const [at, key] of keys.entries()) await mustHave(cache, key, `${at}${key}`, 'the value of a key');
      for (const value of [...awkwardTexts, longText(100_000)]) {
        await cache.set({ key: value.slice(0, 5) || 'none', version: 1_000, value }, LONG);
        await mustHave(cache, value.slice(0, 5) || 'none', value, 'the value');
      }
    }),

    check('what is no key is refused by every call', async (cache) => {
      for (const key of ['', 'k'.repeat(513), 'é'.repeat(257), '\ud800']) {
        const calls = [
          () => cache.get(key),
          () => cache.set({ key, version: 1, value: 'x' }, LONG),
          () => cache.invalidate([{ key, version: 1 }], LONG),
        ];
        for (const call of calls)
          mustEqual((await mustReject(call, 'the call rejects')).code, 'KEY_INVALID', 'the code');
      }
    }),

    check('a value grows too old, and may be set anew with the version that it had', async (cache, { timeoutMs }) => {
      await cache.set({ key: 'short', version: 3, value: 'x' }, { ttlMs: 50 });
      await cache.set({ key: 'long', version: 3, value: 'y' }, LONG);
      await waitFor(async () => (await cache.get('short')) === undefined, {
        what: 'the value to go',
        timeoutMs: timeoutMs ?? 30_000,
      });
      await mustHave(cache, 'long', 'y', 'a value that lasts longer');
      await cache.set({ key: 'short', version: 3, value: 'x' }, LONG);
      await mustHave(cache, 'short', 'x', 'a value that was set anew');
    }),

    check(
      'what is larger than the cache takes is not kept, and neither is what it replaces',
      async (cache) => {
        await cache.set({ key: 'a', version: 1, value: 'small' }, LONG);
        await cache.set({ key: 'a', version: 2, value: 'x'.repeat(tooLarge ?? 0) }, LONG);
        await mustHave(cache, 'a', undefined, 'the value');
        await cache.set({ key: 'a', version: 1, value: 'small' }, LONG);
        await mustHave(cache, 'a', undefined, 'the value that was replaced');
        await cache.set({ key: 'a', version: 3, value: 'small again' }, LONG);
        await mustHave(cache, 'a', 'small again', 'a newer value');
      },
      tooLarge === undefined ? 'it takes values of any size' : false,
    ),

    check(
      'other processes see what is set and what is invalidated',
      async (cache, fixture) => {
        await using other = fixture.cache();
        await cache.set({ key: 'a', version: 2, value: 'x' }, LONG);
        await mustHave(other, 'a', 'x', 'a value that another one set');
        await other.invalidate([{ key: 'a', version: 2 }], LONG);
        await mustHave(cache, 'a', undefined, 'a value that another one invalidated');
        await cache.set({ key: 'a', version: 2, value: 'x' }, LONG);
        mustHold((await other.get('a')) === undefined, 'a version that another one invalidated is refused');
      },
      features.shared ? false : 'it is of one process alone',
    ),

    check('a closed cache leaves nothing open', (_, fixture) =>
      leavesNothingOpen(
        () => fixture.cache(),
        async (cache) => {
          await cache.set({ key: 'a', version: 1, value: 'x' }, LONG);
          await cache.get('a');
          await cache.invalidate([{ key: 'a', version: 1 }], LONG);
        },
      ),
    ),
  ];
}
