import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecentAnswers } from '../../src/search/recent-answers.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('whoever asks the same within a moment gets the same answer, and later a new one', async () => {
  const answers = new RecentAnswers<number>();
  let asked = 0;
  const find = async () => ++asked;
  expect(await Promise.all([answers.of('a', find), answers.of('a', find), answers.of('b', find)])).toEqual([1, 1, 2]);
  vi.advanceTimersByTime(249);
  expect(await answers.of('a', find)).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await answers.of('a', find)).toBe(3);
});

test('a failure is not kept', async () => {
  const answers = new RecentAnswers<number>();
  await expect(answers.of('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await answers.of('a', async () => 1)).toBe(1);
});

test('no more than 500 are kept', async () => {
  const answers = new RecentAnswers<number>();
  for (let n = 0; n <= 500; n += 1) await answers.of(`${n}`, async () => n);
  expect(await answers.of('500', async () => -1)).toBe(500);
  expect(await answers.of('0', async () => -1)).toBe(-1);
});
