import { mustEqual, mustHold } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, mustCount } from './counters-fixture.js';

/** Many callers, and several processes. */
export function togetherPromises(check: Check): ConformanceTest[] {
  return [
    check('calls at the same time are all counted', async (counters) => {
      const calls = Array.from({ length: 1_000 }, (_, n) => counters.count(`k${n % 5}`, `m${n % 20}`));
      await Promise.all(calls);
      const found = await counters.read(['k0', 'k1', 'k2', 'k3', 'k4']);
      mustEqual([...found.values()], Array(5).fill({ total: 200, unique: 4 }), 'the counts of five keys');
    }),

    check('whoever has counted reads it at once, and so do others', async (counters, fixture) => {
      await using other = fixture.counters();
      await counters.count('a', 'ann');
      await mustCount(other, 'a', 1, 1);
      await other.count('a', 'ben');
      await mustCount(counters, 'a', 2, 2);
    }),

    check('two that count the same keys in opposite orders lose nothing, and never fail', async (counters, fixture) => {
      await using other = fixture.counters();
      const keys = Array.from({ length: 30 }, (_, n) => `k${String(n).padStart(2, '0')}`);
      const all = async (by: typeof counters, order: readonly string[]) => {
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(order.map((key) => by.count(key, `${round}`)));
        }
      };
      await Promise.all([all(counters, keys), all(other, keys.toReversed())]);
      const found = await counters.read(keys);
      mustEqual(
        keys.map((key) => found.get(key)),
        keys.map(() => ({ total: 40, unique: 20 })),
        'the counts',
      );
    }),

    check('what is removed while others count it leaves no member behind', async (counters, fixture) => {
      await using other = fixture.counters();
      const members = Array.from({ length: 10 }, (_, n) => `m${n}`);
      for (let round = 0; round < 20; round += 1) {
        const count = (some: readonly string[]) => some.map((member) => other.count('a', member));
        await Promise.all([...count(members.slice(0, 5)), counters.remove(['a']), ...count(members.slice(5))]);
        const { total = 0, unique = 0 } = (await counters.read(['a'])).get('a') ?? {};
        mustHold(unique <= total && total > 0 === unique > 0, 'as many members as counts, at most', [total, unique]);
        for (const member of members) await counters.count('a', member);
        mustEqual((await counters.read(['a'])).get('a')?.unique, 10, 'members, when all ten were counted');
      }
    }),
  ];
}
