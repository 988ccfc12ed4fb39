import { expect, test } from 'vitest';
import { waitFor } from '../src/index.js';

test('resolves with the first value that is truthy', async () => {
  let asked = 0;
  expect(await waitFor(() => ++asked === 4 && `${asked} times`, { what: 'the fourth' })).toBe('4 times');
});

test('an error says what was waited for, and the last value', async () => {
  const waiting = waitFor(() => 0, { what: 'rows to arrive', timeoutMs: 20 });
  await expect(waiting).rejects.toMatchObject({ code: 'TEST_WAIT_TIMEOUT' });
  await expect(waiting).rejects.toThrow(/20 ms for rows to arrive; last value: 0/);
});

test('an error of the condition counts as not yet, and is told when time is up', async () => {
  const refuse = () => Promise.reject(new Error('connection refused'));
  await expect(waitFor(refuse, { what: 'the server', timeoutMs: 20 })).rejects.toThrow(
    /last error: .*connection refused/,
  );
});

test('a condition that never answers does not outlast the deadline', async () => {
  const silent = () => new Promise<boolean>(() => undefined);
  await expect(waitFor(silent, { what: 'an answer', timeoutMs: 20 })).rejects.toThrow(/did not answer in time/);
});
