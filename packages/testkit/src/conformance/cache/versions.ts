import { waitFor } from '../../wait/wait-for.js';
import { mustEqual } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, LONG, mustHave } from './cache-fixture.js';

/** Never an older value in place of a newer one. */
export function versionPromises(check: Check): ConformanceTest[] {
  return [
    check('a newer value takes the place of an older one, never the other way', async (cache) => {
      await cache.set({ key: 'a', version: 5, value: 'five' }, LONG);
      await cache.set({ key: 'a', version: 4, value: 'four' }, LONG);
      await mustHave(cache, 'a', 'five', 'the value after an older one was set');
      await cache.set({ key: 'a', version: 10, value: 'ten' }, LONG);
      await mustHave(cache, 'a', 'ten', 'the value after a newer one was set');
      await cache.set({ key: 'a', version: 9, value: 'nine' }, LONG);
      await mustHave(cache, 'a', 'ten', 'the value after 9 was set over 10');
      await cache.set({ key: 'b', version: 1, value: 'one' }, LONG);
      await mustHave(cache, 'b', 'one', 'the value of another key');
    }),

    check('versions go by number, up to 2^53 - 1', async (cache) => {
      const most = Number.MAX_SAFE_INTEGER;
      await cache.set({ key: 'a', version: most, value: 'last' }, LONG);
      await cache.set({ key: 'a', version: most - 1, value: 'last but one' }, LONG);
      await mustHave(cache, 'a', 'last', 'the value of the highest version');
    }),

    check('of many that set at once, the newest stays', async (cache) => {
      const versions = Array.from({ length: 50 }, (_, n) => ((n * 17) % 50) + 1);
      await Promise.all(versions.map((version) => cache.set({ key: 'a', version, value: `v${version}` }, LONG)));
      await mustHave(cache, 'a', 'v50', 'the value');
    }),

    check('invalidate forgets values up to the version, and no newer one', async (cache) => {
      for (const version of [4, 5, 6]) await cache.set({ key: `k${version}`, version, value: 'x' }, LONG);
      await cache.set({ key: 'other', version: 1, value: 'y' }, LONG);
      const keys = [4, 5, 6].map((version) => ({ key: `k${version}`, version: 5 }));
      await cache.invalidate(keys, LONG);
      const values = await Promise.all(['k4', 'k5', 'k6', 'other'].map((key) => cache.get(key)));
      mustEqual(values, [undefined, undefined, 'x', 'y'], 'values of the versions 4, 5 and 6, and another key');
    }),

    check('who read before the change and sets afterwards does not bring the old state back', async (cache) => {
      await cache.invalidate([{ key: 'a', version: 5 }], LONG);
      for (const version of [1, 4, 5]) {
        await cache.set({ key: 'a', version, value: 'old' }, LONG);
        await mustHave(cache, 'a', undefined, `a value of version ${version}, refused up to 5`);
      }
      await cache.set({ key: 'a', version: 6, value: 'new' }, LONG);
      await mustHave(cache, 'a', 'new', 'a value of version 6, refused up to 5');
    }),

    check('an earlier version that is invalidated later does not undo a higher one', async (cache) => {
      await cache.invalidate([{ key: 'a', version: 5 }], LONG);
      await cache.invalidate([{ key: 'a', version: 3 }], LONG);
      for (const version of [4, 5]) await cache.set({ key: 'a', version, value: 'old' }, LONG);
      await mustHave(cache, 'a', undefined, 'a value of a version that was invalidated');
    }),

    check('a short life does not shorten what is refused for long', async (cache, { timeoutMs = 30_000 }) => {
      await cache.invalidate([{ key: 'a', version: 5 }], LONG);
      await cache.set({ key: 'a', version: 6, value: 'new' }, { ttlMs: 50 });
      await waitFor(async () => (await cache.get('a')) === undefined, { what: 'the value to go', timeoutMs });
      await cache.set({ key: 'a', version: 4, value: 'old' }, LONG);
      await mustHave(cache, 'a', undefined, 'a version that is refused still');
    }),

    check('a version is refused for its time only', async (cache, { timeoutMs = 30_000 }) => {
      await cache.invalidate([{ key: 'a', version: 5 }], { ttlMs: 50 });
      await waitFor(
        async () => {
          await cache.set({ key: 'a', version: 5, value: 'again' }, LONG);
          return (await cache.get('a')) === 'again';
        },
        { what: 'the version to be taken again', timeoutMs },
      );
    }),

    check('a thousand keys may be invalidated at once, and none', async (cache) => {
      await cache.invalidate([], LONG);
      await cache.set({ key: 'k999', version: 1, value: 'x' }, LONG);
      await cache.invalidate(
        Array.from({ length: 1_000 }, (_, n) => ({ key: `k${n}`, version: 1 })),
        LONG,
      );
      await mustHave(cache, 'k999', undefined, 'the value of the last key');
    }),
  ];
}
