import { expect, test } from 'vitest';
import { isFlat } from '../runtime/flatness.mjs';

const samples = (heap: (at: number) => number, resident: (at: number) => number = () => 100) =>
  Array.from({ length: 40 }, (_, at) => ({ heapMiB: heap(at), residentMiB: resident(at) }));
/** Up and down by as much as measuring does. */
const noise = (at: number) => ((at * 7) % 5) / 10;

test('memory that rises at the beginning and stays is flat', () => {
  expect(isFlat(samples((at) => 10 + Math.min(at, 8) + noise(at)))).toBe(true);
});

test('memory that goes on rising is not, on the heap or beside it', () => {
  expect(isFlat(samples((at) => 10 + at / 10 + noise(at)))).toBe(false);
  expect(
    isFlat(
      samples(
        () => 10,
        (at) => 100 + at,
      ),
    ),
  ).toBe(false);
});
