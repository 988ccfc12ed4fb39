import { awkwardTexts } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, type DeadLetterStoreUnderTest, eventIds, letterFor, letterOf } from './dead-letter-fixture.js';
import { replay } from './treat.js';

const FUTURE = new Date('2999-01-01T00:00:00Z');
const PAST = new Date('1999-01-01T00:00:00Z');

/** Parked keys, attempts, and for how long letters are kept. */
export function keepPromises(check: Check, subject: DeadLetterStoreUnderTest): ConformanceTest[] {
  return [
    check('a key is parked while a parked letter of it waits or is requested', async (store) => {
      const parked = { parked: true };
      await store.put([
        letterOf('1', { ...parked, key: 'a' }),
        letterOf('2', { ...parked, key: 'a' }),
        letterOf('3', { ...parked, key: 'b' }),
        letterOf('4', { key: 'not parked' }),
        letterOf('5', { ...parked, key: 'of another sink', sink: 'other' }),
        letterOf('6', { ...parked, key: 'of another pipeline', pipeline: 'q' }),
      ]);
      const keys = async () => [...(await store.parkedKeys('p', 's'))].sort();
      mustEqual(await keys(), ['a', 'b'], 'the parked keys');
      await replay(store, '1', 'replayed');
      mustEqual(await keys(), ['a', 'b'], 'after the first of two was replayed');
      await store.request({ pipeline: 'p', key: 'a' }, 'me');
      mustEqual(await keys(), ['a', 'b'], 'while the second is requested');
      await replay(store, '2', 'replayed');
      mustEqual(await keys(), ['b'], 'after both were replayed');
      await store.discard({ pipeline: 'p', key: 'b' }, 'me');
      mustEqual(await keys(), [], 'after the last was discarded');
      mustEqual([...(await store.parkedKeys('p', 'other'))], ['of another sink'], 'the keys of another sink');
    }),

    check('attempts are noted for each event, per pipeline and sink, and forgotten with 0', async (store) => {
      mustEqual((await store.attempts('p', 's')).size, 0, 'attempts at first');
      await store.noteAttempts('p', 's', new Map(awkwardTexts.map((id, n) => [id, n + 1])));
      await store.noteAttempts('p', 'other', new Map([['', 9]]));
      await store.noteAttempts('p', 's', new Map([['', 7]]));
      await store.noteAttempts(
        'p',
        's',
        new Map([
          ['__proto__', 0],
          ['unknown', 0],
        ]),
      );
      const expected = new Map(awkwardTexts.map((id, n) => [id, id === '' ? 7 : n + 1]));
      expected.delete('__proto__');
      mustEqual(sorted(await store.attempts('p', 's')), sorted(expected), 'attempts as they were noted last');
      mustEqual(sorted(await store.attempts('p', 'other')), [['', 9]], 'attempts of another sink');
      mustEqual((await store.attempts('q', 's')).size, 0, 'attempts of another pipeline');
    }),

    check('a letter is kept until it is pruned, with its audit trail', async (store) => {
      await store.put(['replayed', 'discarded', 'waiting', 'requested'].map((name) => letterOf(name)));
      await store.put([letterOf('discarded', { pipeline: 'q' })]);
      await replay(store, 'replayed', 'replayed');
      const ids = [(await letterFor(store, 'discarded')).id, (await letterFor(store, 'requested')).id] as const;
      await store.discard({ pipeline: 'p', ids: [ids[0]] }, 'me');
      await store.discard({ pipeline: 'q' }, 'me');
      await store.request({ pipeline: 'p', ids: [ids[1]] }, 'me');
      mustEqual((await store.list({ pipeline: 'p' })).length, 4, 'letters before');
      mustEqual(await store.prune('p', PAST), 0, 'pruned of those that were done with long ago');
      mustEqual((await store.list({ pipeline: 'p' })).length, 4, 'letters after that');
      mustEqual(await store.prune('p', FUTURE), 2, 'pruned');
      mustEqual(eventIds(await store.list({ pipeline: 'p' })), ['waiting', 'requested'], 'letters that are kept');
      mustEqual(await store.audit(ids[0]), [], 'the audit trail of a pruned letter');
      mustEqual((await store.audit(ids[1])).length, 2, 'the audit trail of another');
      mustEqual((await store.list({ pipeline: 'q' })).length, 1, 'letters of another pipeline');
    }),

    check('a closed store leaves nothing open', (_, fixture) =>
      leavesNothingOpen(
        () => fixture.store(),
        async (store) => {
          await store.put([letterOf('a')]);
          await store.discard({ pipeline: 'p' }, 'me');
        },
      ),
    ),

    check(
      'letters, audit trails and attempts outlast the store object',
      async (store, fixture) => {
        await store.put([letterOf('a', { parked: true }), letterOf('b')]);
        await store.request({ pipeline: 'p', key: 'k', limit: 1 }, 'ann');
        await store.noteAttempts('p', 's', new Map([['c', 4]]));
        await store[Symbol.asyncDispose]();
        await using second = fixture.store();
        const letters = await second.list({ pipeline: 'p' });
        mustEqual(
          letters.map(({ event, status }) => [event.id, status]),
          [
            ['a', 'requested'],
            ['b', 'waiting'],
          ],
          'letters after reopening',
        );
        const trail = await second.audit(letters[0]?.id ?? '');
        mustEqual(
          trail.map(({ action }) => action),
          ['put', 'requested'],
          'the audit trail',
        );
        mustEqual(sorted(await second.attempts('p', 's')), [['c', 4]], 'attempts');
        mustEqual([...(await second.parkedKeys('p', 's'))], ['k'], 'parked keys');
        await second.put([letterOf('c')]);
        mustEqual(eventIds(await second.list({ pipeline: 'p' })), ['a', 'b', 'c'], 'a later letter comes later');
      },
      subject.volatile,
    ),
  ];
}

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
