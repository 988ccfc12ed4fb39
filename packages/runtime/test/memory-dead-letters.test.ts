import type { NewDeadLetter } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { memoryDeadLetters } from '../src/index.js';
import { numbered } from './support/events.js';

const letter = (n: number, more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  pipeline: 'p',
  sink: 's',
  lane: 'a',
  position: { resume: '1', within: 0 },
  event: numbered('a', n),
  stage: 'sink s',
  cause: { code: 'TEST_POISON', message: 'poison' },
  attempts: 1,
  at: new Date(0),
  parked: false,
  ...more,
});

test('open letters fill the memory; those that are done with make room, the oldest first', async () => {
  const store = memoryDeadLetters({ capacity: 3 });
  await store.put([letter(1), letter(2), letter(3)]);
  await expect(store.put([letter(4)])).rejects.toMatchObject({ code: 'DEAD_LETTERS_FULL', details: { capacity: 3 } });
  await store.put([letter(2)]);
  await store.discard({ pipeline: 'p', ids: ['1', '2'] }, 'ann');
  await store.put([letter(4)]);
  expect(store.letters.map(({ id, status }) => [id, status])).toEqual([
    ['2', 'discarded'],
    ['3', 'waiting'],
    ['4', 'waiting'],
  ]);
});

test('a letter that comes again only as a follower keeps the cause that it had', async () => {
  const store = memoryDeadLetters();
  await store.put([letter(1, { parked: true })]);
  const cause = { code: 'EVENT_PARKED', message: 'parked' };
  await store.put([letter(1, { parked: true, attempts: 0, cause })]);
  expect(store.letters).toMatchObject([{ attempts: 1, cause: { code: 'TEST_POISON' } }]);
});

test('an event that is edited keeps the id of its letter, and everything else of its own', async () => {
  const store = memoryDeadLetters();
  await store.put([letter(1)]);
  const edited = numbered('a', 1).with({ n: 7 }, { idSuffix: 'x', headers: { by: 'ann' } });
  await store.edit('1', edited, 'ann');
  const event = (await store.get('1'))?.event;
  expect([event?.id, event?.data, event?.key, event?.headers]).toEqual(['a-1', { n: 7 }, edited.key, { by: 'ann' }]);
  expect(event?.toJSON()).toEqual({ ...edited.toJSON(), id: 'a-1' });
});

test('notes of tries are bounded: the oldest go first', async () => {
  const store = memoryDeadLetters({ capacity: 2 });
  for (const id of ['a', 'b', 'c']) await store.noteAttempts('p', 's', new Map([[id, 1]]));
  expect([...(await store.attempts('p', 's')).keys()]).toEqual(['b', 'c']);
});

test.each([0, 1.5, Number.NaN])('a capacity of %d is refused', (capacity) => {
  expect(() => memoryDeadLetters({ capacity })).toThrow(/OPTIONS_INVALID: .*`capacity`/);
});
