import type { DeadLetterStore, ReplayOutcome } from '@sluice/contracts';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import { sampleEvent } from '../sample-event.js';
import type { ConformanceTest } from '../suite.js';
import { type Check, letterFor, letterOf, statuses } from './dead-letter-fixture.js';

/** What may be done with letters, by whom, and what is noted of it. */
export function treatPromises(check: Check): ConformanceTest[] {
  return [
    check('an edit replaces the event of a letter that waits; ids and place stay', async (store) => {
      await store.put([letterOf('a'), letterOf('b')]);
      const { id, event } = await letterFor(store, 'a');
      await store.edit(id, event.with({ name: 'mended' }, { headers: { edited: 'yes' } }), 'ann');
      const [first, second] = await store.list({ pipeline: 'p' });
      mustEqual([first?.id, first?.event.id, second?.event.id], [id, 'a', 'b'], 'ids and places');
      mustEqual(first?.event.data, { name: 'mended' }, 'the data');
      mustEqual(first?.event.headers['edited'], 'yes', 'the headers');
      const stranger = sampleEvent({ name: 'stranger' }, { id: 'stranger', key: 'k' });
      // Refusing it would do as well.
      await store.edit(id, stranger, 'ann').catch(() => undefined);
      mustEqual((await store.get(id))?.event.id, 'a', 'the id of the event after an edit with an event of another id');
    }),

    check('a letter that does not wait cannot be edited', async (store) => {
      await store.put([letterOf('requested'), letterOf('replayed'), letterOf('discarded')]);
      await replay(store, 'replayed', 'replayed');
      await store.request({ pipeline: 'p', ids: [(await letterFor(store, 'requested')).id] }, 'me');
      await store.discard({ pipeline: 'p', status: 'waiting' }, 'me');
      for (const name of ['requested', 'replayed', 'discarded']) {
        const { id, event } = await letterFor(store, name);
        const before = await store.audit(id);
        const error = await mustReject(
          () => store.edit(id, event.with('edited'), 'ann'),
          `an edit of a ${name} letter rejects`,
        );
        mustEqual(error.code, 'DEAD_LETTER_NOT_WAITING', 'the code');
        mustEqual((await store.get(id))?.event.data, { name }, 'the event as it was');
        mustEqual((await store.audit(id)).length, before.length, 'entries of the audit trail');
      }
      const unknown = await mustReject(
        () => store.edit('unknown', sampleEvent('x', { id: 'x' }), 'ann'),
        'an edit of a letter that there is not rejects',
      );
      mustEqual(unknown.code, 'DEAD_LETTER_NOT_WAITING', 'the code for a letter that there is not');
    }),

    check('a request asks for letters that wait, and counts those that it asked for', async (store) => {
      await store.put([letterOf('a'), letterOf('b'), letterOf('c', { key: 'other' })]);
      mustEqual(await store.request({ pipeline: 'p', key: 'other' }, 'ann'), 1, 'requested by key');
      mustEqual(await store.request({ pipeline: 'p' }, 'ann'), 2, 'requested besides');
      mustEqual(await store.request({ pipeline: 'p' }, 'ann'), 0, 'requested when all are');
      mustEqual(await statuses(store), { a: 'requested', b: 'requested', c: 'requested' }, 'statuses');
      await replay(store, 'a', 'replayed');
      await store.discard({ pipeline: 'p' }, 'ann');
      mustEqual(await store.request({ pipeline: 'p' }, 'ann'), 0, 'requested of those that are done with');
    }),

    check('a request for a letter of a parked key asks for the earlier ones too', async (store) => {
      const parked = { parked: true };
      await store.put([
        letterOf('1', parked),
        letterOf('2', { ...parked, key: 'another' }),
        letterOf('3', parked),
        letterOf('4', { ...parked, sink: 'other' }),
        letterOf('5', parked),
        letterOf('6', parked),
      ]);
      const { id } = await letterFor(store, '5');
      mustEqual(await store.request({ pipeline: 'p', ids: [id] }, 'ann'), 3, 'requested, with the earlier ones');
      const expected = { 1: 'requested', 2: 'waiting', 3: 'requested', 4: 'waiting', 5: 'requested', 6: 'waiting' };
      mustEqual(await statuses(store), expected, 'the letter and those before it of its key and sink');
      const actions = (await store.audit((await letterFor(store, '1')).id)).map(({ action }) => action);
      mustEqual(actions, ['put', 'requested'], 'what is noted of an earlier one');
    }),

    check('the earlier ones of a parked key are asked for whether they are parked themselves or not', async (store) => {
      await store.put([letterOf('1'), letterOf('2', { parked: true }), letterOf('3'), letterOf('4')]);
      const { id } = await letterFor(store, '3');
      mustEqual(await store.request({ pipeline: 'p', ids: [id] }, 'ann'), 3, 'requested, with the earlier ones');
      const expected = { 1: 'requested', 2: 'requested', 3: 'requested', 4: 'waiting' };
      mustEqual(await statuses(store), expected, 'the letters of the key');
    }),

    check('the limit of a request or a discard counts letters that it can change', async (store) => {
      await store.put([letterOf('a'), letterOf('b'), letterOf('c')]);
      mustEqual(await store.discard({ pipeline: 'p', limit: 1 }, 'ann'), 1, 'discarded first');
      mustEqual(await store.request({ pipeline: 'p', limit: 1 }, 'ann'), 1, 'requested of those that wait');
      mustEqual(await statuses(store), { a: 'discarded', b: 'requested', c: 'waiting' }, 'the oldest that could be');
      mustEqual(await store.discard({ pipeline: 'p', limit: 1 }, 'ann'), 1, 'discarded of those that are open');
      mustEqual(await statuses(store), { a: 'discarded', b: 'discarded', c: 'waiting' }, 'the next');
    }),

    check('a request for a letter of a key that is not parked asks for that one alone', async (store) => {
      await store.put([letterOf('1'), letterOf('2'), letterOf('3')]);
      const { id } = await letterFor(store, '2');
      mustEqual(await store.request({ pipeline: 'p', ids: [id] }, 'ann'), 1, 'requested');
      mustEqual(await statuses(store), { 1: 'waiting', 2: 'requested', 3: 'waiting' }, 'statuses');
    }),

    check('a discard gives up letters that wait or are requested, and counts them', async (store) => {
      await store.put([letterOf('a'), letterOf('b'), letterOf('c')]);
      await replay(store, 'a', 'replayed');
      await store.request({ pipeline: 'p', ids: [(await letterFor(store, 'b')).id] }, 'ann');
      mustEqual(await store.discard({ pipeline: 'p' }, 'ann'), 2, 'discarded');
      mustEqual(await store.discard({ pipeline: 'p' }, 'ann'), 0, 'discarded again');
      mustEqual(await statuses(store), { a: 'replayed', b: 'discarded', c: 'discarded' }, 'statuses');
    }),

    check('a replay that failed makes the letter wait, with its cause and all its attempts', async (store) => {
      await store.put([letterOf('a', { attempts: 3 })]);
      await replay(store, 'a', 'failed');
      const { status, cause, attempts } = await letterFor(store, 'a');
      mustEqual([status, cause, attempts], ['waiting', { code: 'AGAIN', message: 'once more' }, 5], 'the letter');
      await replay(store, 'a', 'replayed');
      mustEqual(await statuses(store), { a: 'replayed' }, 'after a replay that went well');
    }),

    check('an answer for a letter that is not requested changes nothing', async (store) => {
      await store.put([letterOf('waiting'), letterOf('discarded'), letterOf('replayed')]);
      await replay(store, 'replayed', 'replayed');
      await store.discard({ pipeline: 'p', ids: [(await letterFor(store, 'discarded')).id] }, 'ann');
      for (const name of ['waiting', 'discarded', 'replayed']) {
        const before = await letterFor(store, name);
        const trail = await store.audit(before.id);
        await store.resolve([{ id: before.id, outcome: 'replayed' }, failedAgain(before.id)], 'late');
        const after = await letterFor(store, name);
        mustEqual([after.status, after.attempts, after.cause], [name, 3, before.cause], `a ${name} letter`);
        mustEqual((await store.audit(before.id)).length, trail.length, 'entries of its audit trail');
      }
      await store.resolve([failedAgain('unknown')], 'late');
    }),

    check('all that was done with a letter is in its audit trail, by whom and when', async (store) => {
      await store.put([letterOf('a'), letterOf('b')]);
      const { id, event } = await letterFor(store, 'a');
      await store.edit(id, event.with('mended'), 'ann');
      await replay(store, 'a', 'failed', 'worker');
      await replay(store, 'a', 'replayed', 'worker');
      const trail = await store.audit(id);
      mustEqual(
        trail.map(({ action }) => action),
        ['put', 'edited', 'requested', 'failed', 'requested', 'replayed'],
        'the actions, oldest first',
      );
      mustEqual(
        trail.slice(1).map(({ by }) => by),
        ['ann', 'me', 'worker', 'me', 'worker'],
        'who did them',
      );
      mustEqual([trail[0]?.note, trail[3]?.note], ['STORE_PG_DATA_REFUSED', 'AGAIN'], 'the codes of the causes');
      const times = trail.map(({ at }) => at.getTime());
      mustHold(times.every(Number.isFinite), 'each has a time', times);
      const ascend = times.slice(1).every((at, n) => n === 0 || at >= (times[n] ?? 0));
      mustHold(ascend, 'times that ascend', times);
      await store.discard({ pipeline: 'p' }, 'bob');
      const other = (await store.audit((await letterFor(store, 'b')).id)).map(({ action, by }) => [action, by]);
      mustEqual(other.at(-1), ['discarded', 'bob'], 'the last action of the other letter');
    }),

    check('of many that request the same letters at once, one counts them', async (store, fixture) => {
      await store.put(Array.from({ length: 10 }, (_, n) => letterOf(`e${n}`, { parked: true })));
      const stores = Array.from({ length: 4 }, () => fixture.store());
      const counts = await Promise.all(stores.map((each) => each.request({ pipeline: 'p' }, 'me')));
      for (const each of stores) await each[Symbol.asyncDispose]();
      mustEqual(
        counts.reduce((sum, count) => sum + count, 0),
        10,
        'letters that were requested, over all answers',
      );
      const { id } = await letterFor(store, 'e0');
      mustEqual(
        (await store.audit(id)).map(({ action }) => action),
        ['put', 'requested'],
        'its audit trail',
      );
    }),
  ];
}

const failedAgain = (id: string): ReplayOutcome => ({
  ...{ id, outcome: 'failed', attempts: 2 },
  cause: { code: 'AGAIN', message: 'once more' },
});

/** Requests the letter of an event, and answers as the pipeline would. */
export async function replay(
  store: DeadLetterStore,
  eventId: string,
  outcome: 'replayed' | 'failed',
  by = 'me',
): Promise<void> {
  const { id } = await letterFor(store, eventId);
  await store.request({ pipeline: 'p', ids: [id] }, 'me');
  await store.resolve([outcome === 'failed' ? failedAgain(id) : { id, outcome }], by);
}
