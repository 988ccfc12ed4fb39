import { type DeadLetter, type NewDeadLetter, UNCHANGED } from '@sluice/contracts';
import { awkwardTexts } from '../awkward.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import { factsIn, sampleEvent } from '../sample-event.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, type DeadLetterStoreUnderTest, eventIds, letterFor, letterOf } from './dead-letter-fixture.js';

/** What becomes of letters that are put. */
export function putPromises(check: Check, subject: DeadLetterStoreUnderTest): ConformanceTest[] {
  return [
    check('a letter is listed as it was put, and waits', async (store) => {
      const original = Uint8Array.of(0, 255, 10, 0);
      const put = letterOf('e', { original, parked: true, sink: 'other', lane: 'x', attempts: 7, stage: 'join #2' });
      await store.put([put]);
      const [found, ...more] = await store.list({ pipeline: 'p' });
      mustEqual(more.length, 0, 'letters besides the one that was put');
      mustHold(found !== undefined, 'the letter is listed');
      mustEqual(contents(found), contents(put), 'the letter as it was put');
      mustEqual(found.status, 'waiting', 'its status');
      const alone = await store.get(found.id);
      mustHold(alone !== undefined, 'the letter is found by its id');
      mustEqual([alone.id, contents(alone)], [found.id, contents(found)], 'the letter by its id');
    }),

    check('the event is listed with all that it says of itself', async (store) => {
      const event = sampleEvent(
        { text: 'é"\\', number: -0.5, list: [1, [true, null]], nested: { deep: {} } },
        {
          id: 'e#1',
          key: '["a","b"]',
          type: 'order.placed',
          time: new Date(1_700_000_000_001),
          version: { epoch: '7412345678901234567/1', value: 2n ** 90n + 1n },
          headers: { traceparent: '00-1-2-03', empty: '' },
        },
      );
      const deleted = sampleEvent(null, { id: 'e#2' });
      await store.put([letterOf('', { event }), letterOf('', { event: deleted })]);
      const listed = (await store.list({ pipeline: 'p' })).map((letter) => factsIn(letter.event));
      mustEqual(listed, [factsIn(event), factsIn(deleted)], 'the events, one of them a deletion without a key');
    }),

    check(
      'bytes, dates, bigints and unchanged values of an event come back as such',
      async (store) => {
        const bytes = sampleEvent(Uint8Array.of(0, 1, 255), { id: 'bytes' });
        const row = { at: new Date(5), total: 2n ** 64n, photo: Uint8Array.of(9), note: UNCHANGED, gone: null };
        const typed = sampleEvent({ before: null, after: row }, { id: 'typed' });
        await store.put([letterOf('', { event: bytes }), letterOf('', { event: typed })]);
        const data = (await store.list({ pipeline: 'p' })).map((letter) => plain(letter.event.data));
        mustEqual(data, [plain(bytes.data), plain(typed.data)], 'the data of the events');
      },
      subject.jsonOnly,
    ),

    check('holds what a database refuses: any key, and NUL in data and messages', async (store) => {
      const letters = awkwardTexts.map((key, at) =>
        letterOf(`e${at}`, {
          event: sampleEvent({ text: 'a\u0000b', [`__proto__${at}`]: key }, { id: `e${at}`, key }),
          cause: { code: 'X', message: `refused: a\u0000b` },
          original: new Uint8Array(0),
          parked: true,
        }),
      );
      await store.put(letters);
      mustEqual((await store.list({ pipeline: 'p' })).map(contents), letters.map(contents), 'the letters');
      mustEqual([...(await store.parkedKeys('p', 's'))].sort(), [...awkwardTexts].sort(), 'the parked keys');
      for (const key of awkwardTexts) {
        mustEqual((await store.list({ pipeline: 'p', key })).length, 1, 'letters of a key by itself');
      }
    }),

    check('put is all or nothing', async (store) => {
      const bad = Object.create(sampleEvent('x', { id: 'bad' }), {
        id: {
          get(): string {
            throw new Error('an event that cannot be read');
          },
        },
      });
      const put = store.put([letterOf('a'), letterOf('b', { event: bad }), letterOf('c')]);
      const outcome = await put.then(
        () => 'resolved',
        () => 'rejected',
      );
      mustEqual(outcome, 'rejected', 'a put with a letter that cannot be stored');
      mustEqual(eventIds(await store.list({ pipeline: 'p' })), [], 'letters after a put that was rejected');
      await store.put([]);
      mustEqual(eventIds(await store.list({ pipeline: 'p' })), [], 'letters after a put of none');
    }),

    check(
      'an event is not put twice while its letter waits: newer cause, sum of attempts, old place',
      async (store) => {
        await store.put([letterOf('a', { attempts: 3 }), letterOf('b')]);
        const before = await letterFor(store, 'a');
        await store.put([letterOf('c'), letterOf('a', { attempts: 2, cause: { code: 'NEW', message: 'newer' } })]);
        mustEqual(eventIds(await store.list({ pipeline: 'p' })), ['a', 'b', 'c'], 'the letters, in their places');
        const after = await letterFor(store, 'a');
        mustEqual(
          [after.id, after.attempts, after.cause, after.status],
          [before.id, 5, { code: 'NEW', message: 'newer' }, 'waiting'],
          'the letter that was put twice',
        );
      },
    ),

    check('events of two sources are two, also where their ids are the same', async (store) => {
      const of = (source: string) => letterOf('', { event: sampleEvent({ source }, { id: 'e', key: 'k', source }) });
      await store.put([of('/a'), of('/b')]);
      await store.put([of('/b'), of('/a')]);
      const found = (await store.list({ pipeline: 'p' })).map(({ event, attempts }) => [event.source, attempts]);
      mustEqual(
        found,
        [
          ['/a', 6],
          ['/b', 6],
        ],
        'the letters of one id, each of which was put twice',
      );
    }),

    check(
      'an event that is put again after its letter was edited has that letter, whatever was edited',
      async (store) => {
        await store.put([letterOf('a')]);
        const { id } = await letterFor(store, 'a');
        await store.edit(id, sampleEvent({ name: 'mended' }, { id: 'a', key: 'k', source: '/elsewhere' }), 'ann');
        await store.put([letterOf('a')]);
        const letters = await store.list({ pipeline: 'p' });
        mustEqual(
          letters.map((letter) => [letter.id, letter.attempts, letter.event.data]),
          [[id, 6, { name: 'mended' }]],
          'the one letter',
        );
      },
    ),

    check('an event is not put twice while its letter is requested', async (store) => {
      await store.put([letterOf('a', { attempts: 1 })]);
      const { id } = await letterFor(store, 'a');
      await store.request({ pipeline: 'p' }, 'me');
      await store.put([letterOf('a', { attempts: 1, cause: { code: 'NEW', message: 'newer' } })]);
      const letters = await store.list({ pipeline: 'p' });
      mustEqual(
        letters.map((letter) => [letter.id, letter.attempts, letter.cause.code]),
        [[id, 2, 'NEW']],
        'the one letter',
      );
    }),

    check('an event that comes twice in one put has one letter', async (store) => {
      await store.put([letterOf('a', { attempts: 1 }), letterOf('b'), letterOf('a', { attempts: 1 })]);
      const letters = await store.list({ pipeline: 'p' });
      mustEqual(eventIds(letters), ['a', 'b'], 'the letters');
      mustEqual(letters[0]?.attempts, 2, 'attempts of the letter that came twice');
    }),

    check('an event whose letter was replayed or discarded has a new letter when it fails again', async (store) => {
      await store.put([letterOf('replayed'), letterOf('discarded')]);
      const old = await letterFor(store, 'replayed');
      await store.request({ pipeline: 'p', ids: [old.id] }, 'me');
      await store.resolve([{ id: old.id, outcome: 'replayed' }], 'me');
      await store.discard({ pipeline: 'p', status: 'waiting' }, 'me');
      await store.put([letterOf('replayed', { attempts: 1 }), letterOf('discarded', { attempts: 1 })]);
      const letters = await store.list({ pipeline: 'p' });
      mustEqual(
        letters.map(({ event, status, attempts }) => [event.id, status, attempts]),
        [
          ['replayed', 'replayed', 3],
          ['discarded', 'discarded', 3],
          ['replayed', 'waiting', 1],
          ['discarded', 'waiting', 1],
        ],
        'the old letters and the new ones',
      );
    }),

    check('another sink and another pipeline have letters of their own for one event', async (store) => {
      await store.put([letterOf('a'), letterOf('a', { sink: 'other' }), letterOf('a', { pipeline: 'q' })]);
      mustEqual(
        (await store.list({ pipeline: 'p' })).map(({ sink }) => sink),
        ['s', 'other'],
        'letters of one pipeline',
      );
      mustEqual((await store.list({ pipeline: 'q' })).length, 1, 'letters of the other');
    }),

    check(
      'ids grow, by length and then by code unit, and letters of a key are listed as they were put',
      async (store) => {
        const names = Array.from({ length: 24 }, (_, n) => `e${n}`);
        for (let at = 0; at < 24; at += 4) {
          await store.put(names.slice(at, at + 4).map((name, n) => letterOf(name, { key: `k${n % 2}` })));
        }
        await store.put([letterOf('e3', { key: 'k1' })]);
        const letters = await store.list({ pipeline: 'p' });
        mustEqual(eventIds(letters), names, 'the letters, oldest first');
        const ids = letters.map(({ id }) => id);
        const grow = ids.every((id, at) => at === 0 || isAfter(id, ids[at - 1] ?? ''));
        mustHold(grow, 'each id is after the one before it', ids);
        const expected = names.filter((_, n) => n % 4 === 1 || n % 4 === 3);
        mustEqual(eventIds(await store.list({ pipeline: 'p', key: 'k1' })), expected, 'the letters of one key');
      },
    ),

    check('of many that put the same event at once there is one letter', async (_, fixture) => {
      const stores = Array.from({ length: 6 }, () => fixture.store());
      await Promise.all(stores.map((store, n) => store.put([letterOf('same', { attempts: 1 }), letterOf(`own ${n}`)])));
      const [store] = stores;
      const letters = (await store?.list({ pipeline: 'p' })) ?? [];
      for (const open of stores) await open[Symbol.asyncDispose]();
      const own = stores.map((_each, n) => `own ${n}`);
      mustEqual(eventIds(letters).sort(), [...own, 'same'].sort(), 'letters of many at once');
      mustEqual(new Set(letters.map(({ id }) => id)).size, 7, 'ids that differ');
      mustEqual(letters.find(({ event }) => event.id === 'same')?.attempts, 6, 'the sum of their attempts');
    }),
  ];
}

function contents({ event, original, ...letter }: NewDeadLetter | DeadLetter): unknown {
  const { pipeline, sink, lane, position, stage, cause, attempts, at, parked } = letter;
  return {
    ...{ pipeline, sink, lane, stage, attempts, parked, at: at.getTime() },
    cause: { code: cause.code, message: cause.message },
    position: { resume: position.resume, within: position.within },
    event: factsIn(event),
    original: original === undefined ? undefined : [...original],
  };
}

/** Buffers are arrays of bytes like others. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

function isAfter(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
