import type { NewDeadLetter } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { composeWave } from '../src/dead-letters/replay-wave.js';
import { memoryDeadLetters } from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';

const letter = (n: number): NewDeadLetter => ({
  pipeline: 'p',
  sink: 's',
  lane: 'a',
  position: { resume: '', within: 0 },
  event: numbered('a', n),
  stage: 'sink s',
  cause: { code: 'TEST_POISON', message: 'poison' },
  attempts: 1,
  at: new Date(),
  parked: true,
});

test('an earlier event of a key comes first, however far behind in the store its letter lies', async () => {
  const store = memoryDeadLetters();
  const ofKey0 = (n: number) => n * 5;
  const others = Array.from({ length: 400 }, (_, n) => n + 10).filter((n) => n % 5 !== 0);
  await store.put([letter(ofKey0(7)), ...others.map(letter), letter(ofKey0(1))]);
  await store.request({ pipeline: 'p' }, 'ann');
  const parts = {
    store,
    pipeline: 'p',
    sink: 's',
    stages: ['sink s'],
    ours: async () => true,
    reached: () => true,
    held: () => {},
  };
  const order: number[] = [];
  for (;;) {
    const wave = await composeWave({ ...parts, straight: new Set() });
    if (wave === undefined) break;
    order.push(...wave.letters.map(({ event }) => (event.data as Numbered).n));
    await store.resolve(wave.outcomes(), 'test');
  }
  expect(order).toHaveLength(others.length + 2);
  expect(order.filter((n) => n % 5 === 0)).toEqual([ofKey0(1), ofKey0(7)]);
});

test('a letter that is requested again while the next ones are looked for comes before those behind it', async () => {
  const store = memoryDeadLetters();
  await store.put([letter(0), letter(5)]);
  await store.request({ pipeline: 'p' }, 'ann');
  const first = (await store.list({ pipeline: 'p' }))[0]?.id ?? '';
  await store.resolve([{ id: first, outcome: 'failed', cause: { code: 'TEST', message: '' }, attempts: 1 }], 'test');
  // Between the look at what is requested and the look at what waits.
  const list: typeof store.list = async (filter) => {
    if (filter.status === 'waiting') await store.request({ pipeline: 'p' }, 'ann');
    return store.list(filter);
  };
  const looked = { pipeline: 'p', sink: 's', stages: ['sink s'], ours: async () => true, reached: () => true };
  for (const straight of [new Set<string>(), new Set(['a-key-0'])]) {
    const wave = await composeWave({ ...looked, store: { ...store, list }, held: () => {}, straight });
    expect(wave).toBeUndefined();
    const next = await composeWave({ ...looked, store, held: () => {}, straight });
    expect(next?.letters.map(({ event }) => event.id)).toEqual(['a-0']);
    await store.resolve([{ id: first, outcome: 'failed', cause: { code: 'TEST', message: '' }, attempts: 1 }], 'test');
  }
});

test('letters that a source without order brought out of theirs do not wait for each other', async () => {
  const store = memoryDeadLetters();
  await store.put([letter(5), letter(0)]);
  await store.request({ pipeline: 'p' }, 'ann');
  const parts = { store, pipeline: 'p', sink: 's', stages: ['sink s'], ours: async () => true, reached: () => true };
  // Taken for ordered when only the first was there.
  const wave = await composeWave({ ...parts, held: () => {}, straight: new Set(['a-key-0']) });
  expect(wave?.letters.map(({ event }) => event.id)).toEqual(['a-0']);
});
