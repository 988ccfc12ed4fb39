import type { DeadLetterFilter } from '@sluice/contracts';
import { mustEqual, mustHold } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, eventIds, letterFor, letterOf, statuses } from './dead-letter-fixture.js';

/** Which letters a filter means. */
export function findPromises(check: Check): ConformanceTest[] {
  return [
    check('of a filter, all that is given must hold', async (store) => {
      await store.put([
        letterOf('a', { key: 'k1' }),
        letterOf('b', { key: 'k2' }),
        letterOf('c', { key: 'k1', sink: 'other' }),
        letterOf('d', { key: 'k1' }),
        letterOf('e', { key: 'k1', pipeline: 'q' }),
      ]);
      const [a, b, d] = [await letterFor(store, 'a'), await letterFor(store, 'b'), await letterFor(store, 'd')];
      await store.discard({ pipeline: 'p', ids: [d.id] }, 'me');
      const cases: [Omit<DeadLetterFilter, 'pipeline'>, string[]][] = [
        [{}, ['a', 'b', 'c', 'd']],
        [{ sink: 's' }, ['a', 'b', 'd']],
        [{ key: 'k1' }, ['a', 'c', 'd']],
        [{ key: 'k1', sink: 's' }, ['a', 'd']],
        [{ key: 'k1', sink: 's', status: 'waiting' }, ['a']],
        [{ ids: [d.id, a.id] }, ['a', 'd']],
        [{ ids: [] }, []],
        [{ ids: [a.id], key: 'k2' }, []],
        [{ after: a.id }, ['b', 'c', 'd']],
        [{ after: b.id, sink: 's' }, ['d']],
        [{ after: a.id, limit: 2 }, ['b', 'c']],
        [{ limit: 1 }, ['a']],
        [{ status: 'discarded' }, ['d']],
        [{ status: 'requested' }, []],
      ];
      for (const [filter, expected] of cases) {
        const found = eventIds(await store.list({ pipeline: 'p', ...filter }));
        mustEqual(found, expected, `letters of ${Object.keys(filter).join(', ') || 'the pipeline'}`);
      }
      mustEqual(eventIds(await store.list({ pipeline: 'none' })), [], 'letters of a pipeline that has none');
    }),

    check('100 letters are listed where no limit is given, and the next after the last of them', async (store) => {
      const names = Array.from({ length: 130 }, (_, n) => `e${n}`);
      await store.put(names.map((name) => letterOf(name)));
      const first = await store.list({ pipeline: 'p' });
      mustEqual(eventIds(first), names.slice(0, 100), 'the first hundred');
      const after = first.at(-1)?.id ?? '';
      mustEqual(eventIds(await store.list({ pipeline: 'p', after })), names.slice(100), 'those after them');
      mustEqual((await store.list({ pipeline: 'p', limit: 1_000 })).length, 130, 'letters with a limit above all');
    }),

    check('a request and a discard without a limit mean all letters, with one the oldest', async (store) => {
      await store.put(Array.from({ length: 130 }, (_, n) => letterOf(`e${n}`, { key: `k${n}` })));
      mustEqual(await store.request({ pipeline: 'p', limit: 2 }, 'me'), 2, 'requested with a limit of 2');
      mustEqual(eventIds(await store.list({ pipeline: 'p', status: 'requested' })), ['e0', 'e1'], 'the oldest');
      mustEqual(await store.request({ pipeline: 'p' }, 'me'), 128, 'requested without a limit');
      mustEqual(await store.discard({ pipeline: 'p', limit: 1 }, 'me'), 1, 'discarded with a limit of 1');
      mustEqual((await statuses(store))['e0'], 'discarded', 'the oldest after that');
      mustEqual(await store.discard({ pipeline: 'p' }, 'me'), 129, 'discarded without a limit');
    }),

    check('an id that there is not has no letter and no audit trail', async (store) => {
      await store.put([letterOf('a')]);
      const { id } = await letterFor(store, 'a');
      for (const unknown of ['', 'x', '__proto__', `${id}0`]) {
        mustEqual(await store.get(unknown), undefined, 'a letter that there is not');
        mustEqual(await store.audit(unknown), [], 'its audit trail');
        mustEqual((await store.list({ pipeline: 'p', ids: [unknown] })).length, 0, 'letters of its id');
      }
      mustHold((await store.get(id)) !== undefined, 'the letter that there is');
    }),
  ];
}
