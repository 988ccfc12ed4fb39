import { awkwardTexts } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceSuite } from '../suite.js';
import { togetherPromises } from './at-once.js';
import { type CountersUnderTest, checkOf, mustCount } from './counters-fixture.js';

/** The promises of `Counters`, as their features say. */
export function countersConformance(subject: CountersUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  const tests = [
    check('declares the features it was enrolled with', async (counters) => {
      mustEqual({ ...counters.features }, { ...subject.features }, 'features');
    }),

    check('counts how often, and by how many different members', async (counters) => {
      for (const member of ['ann', 'ben', 'ann', 'ann', 'cleo']) await counters.count('page', member);
      await mustCount(counters, 'page', 5, 3);
    }),

    check('each key counts for itself; one that nothing was counted under is left out', async (counters) => {
      await counters.count('a', 'ann');
      for (const member of ['ann', 'ben', 'ben']) await counters.count('b', member);
      const found = await counters.read(['b', 'none', 'a']);
      mustEqual([...found.keys()].sort(), ['a', 'b'], 'the keys');
      mustEqual(found.get('a'), { total: 1, unique: 1 }, 'the count of a');
      mustEqual(found.get('b'), { total: 3, unique: 2 }, 'the count of b');
      mustEqual((await counters.read([])).size, 0, 'counts of no keys');
    }),

    check('any text of up to 512 bytes is a key, and a member', async (counters) => {
      const texts = [
        ...awkwardTexts.filter((text) => text !== '' && text.length < 500),
        'é'.repeat(256),
        'e\u0301',
        '\u00e9',
        'A',
        'a',
      ];
      for (const key of texts) {
        for (const member of texts) await counters.count(key, member);
      }
      const found = await counters.read(texts);
      const expected = texts.map(() => ({ total: texts.length, unique: texts.length }));
      mustEqual(
        texts.map((key) => found.get(key)),
        expected,
        'the counts of all keys',
      );
    }),

    check('what is no key, or no member, is refused by every call', async (counters) => {
      for (const bad of ['', 'k'.repeat(513), 'é'.repeat(257), '\ud800']) {
        const calls = [
          () => counters.count(bad, 'ann'),
          () => counters.count('a', bad),
          () => counters.read(['a', bad]),
          () => counters.remove(['a', bad]),
        ];
        for (const call of calls)
          mustEqual((await mustReject(call, 'the call rejects')).code, 'KEY_INVALID', 'the code');
      }
      mustEqual((await counters.read(['a'])).size, 0, 'counts');
    }),

    check('what was removed is counted anew, members too, and nothing else is', async (counters) => {
      for (const key of ['a', 'b', 'c']) {
        for (const member of ['ann', 'ben']) await counters.count(key, member);
      }
      await counters.remove(['a', 'none', 'b']);
      await counters.remove([]);
      mustEqual([...(await counters.read(['a', 'b', 'c'])).keys()], ['c'], 'the keys after a and b were removed');
      await counters.count('a', 'ann');
      await mustCount(counters, 'a', 1, 1);
      await mustCount(counters, 'c', 2, 2);
    }),

    check('members by the thousand', async (counters) => {
      const members = Array.from({ length: 3_000 }, (_, n) => `2001:db8::${n.toString(16)}`);
      await Promise.all([...members, ...members].map((member) => counters.count('a', member)));
      const { total = 0, unique = 0 } = (await counters.read(['a'])).get('a') ?? {};
      mustEqual(total, 6_000, 'the total');
      const near = subject.features.exact ? 0 : 150;
      mustHold(Math.abs(unique - 3_000) <= near, 'members, of 3,000', unique);
    }),

    ...togetherPromises(check),

    check(
      'counts and members outlast the object',
      async (counters, fixture) => {
        for (const member of ['ann', 'ben']) await counters.count('a', member);
        await counters[Symbol.asyncDispose]();
        await using second = fixture.counters();
        await second.count('a', 'ann');
        await mustCount(second, 'a', 3, 2);
      },
      subject.volatile,
    ),

    check('what is closed leaves nothing open', (_, fixture) =>
      leavesNothingOpen(
        () => fixture.counters(),
        async (counters) => {
          await counters.count('a', 'ann');
          await counters.read(['a']);
          await counters.remove(['a']);
        },
      ),
    ),
  ];
  return { name: `${subject.name}: counters`, tests };
}
