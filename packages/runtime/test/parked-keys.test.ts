import { expect, test } from 'vitest';
import { ParkedKeys } from '../src/dead-letters/parked-keys.js';
import type { Ledger } from '../src/settlement/ledger.js';
import { gate } from './support/scripted-source.js';

/** Parked keys over a store whose answers are given by hand. */
function given(...answers: (() => Promise<ReadonlySet<string>>)[]) {
  return new ParkedKeys({ parkedKeys: () => (answers.shift() ?? (async () => new Set<string>()))() }, 'p', 's');
}

const ledgers = { a: {} as Ledger, b: {} as Ledger };
const at = { stage: 2, ledger: ledgers.a, seq: 5 };
const delivery = (of: 'a' | 'b', ...seqs: number[]) =>
  ({ entries: seqs.map((seq) => ({ seq, ledger: ledgers[of] })) }) as never;

test('of a key that failed in a stage, what leaves that stage from a later batch follows, and from any other lane, or the same once it has come back', () => {
  const keys = given();
  keys.park('k', at, false);
  const held = (stage: number, of: 'a' | 'b', ...seqs: number[]) => keys.holds('k', stage, delivery(of, ...seqs));
  expect([held(3, 'a', 6), held(3, 'b', 1)]).toEqual([true, true]);
  expect([held(3, 'a', 5), held(3, 'a', 4, 6), held(2, 'a', 6), held(4, 'a', 6)]).toEqual([false, false, false, false]);
  expect(keys.holdsAtSink('k', 4)).toBe(false);
  expect(keys.holds('other', 3, delivery('a', 6))).toBe(false);
});

test('what follows moves nothing; an earlier event that fails further on does', () => {
  const keys = given();
  keys.park('k', at, false);
  keys.park('k', { stage: 4, ledger: ledgers.a, seq: 9 }, true);
  expect(keys.holdsAtSink('k', 4)).toBe(false);
  keys.park('k', { stage: 4, ledger: ledgers.a, seq: 3 }, false);
  expect(keys.holdsAtSink('k', 4)).toBe(true);
});

test('a key is let go when the store has no letter of it, but never while one is on its way there', async () => {
  const slow = gate<ReadonlySet<string>>();
  const keys = given(
    async () => new Set(),
    () => slow.promise,
  );
  keys.park('k', at, false);
  await keys.sync();
  expect(keys.has('k')).toBe(true);
  // The store was asked before the letter was there, and answers after.
  const asked = keys.sync();
  keys.placed('k');
  slow.resolve(new Set());
  await asked;
  expect(keys.has('k')).toBe(true);
  await keys.sync();
  expect(keys.size).toBe(0);
});

test('a key that another instance has parked is held wherever it is seen', async () => {
  const keys = given(async () => new Set(['k']));
  await keys.sync();
  expect([
    keys.holds('k', 0, delivery('a', 0)),
    keys.holds('k', 3, delivery('b', 9)),
    keys.holdsAtSink('k', 4),
  ]).toEqual([true, true, true]);
});
