import { conformance, countersConformance } from '@sluice/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { memoryCounters } from '../src/index.js';

conformance(
  countersConformance({
    name: 'memoryCounters',
    features: { exact: true },
    volatile: 'it is gone with the object',
    async create() {
      const counters = memoryCounters();
      return { counters: () => counters, async [Symbol.asyncDispose]() {} };
    },
  }),
  { describe, test },
);

test('members above the capacity are refused, those that are there count on', async () => {
  await using counters = memoryCounters({ capacity: 2 });
  await counters.count('a', 'ann');
  await counters.count('b', 'ann');
  await expect(counters.count('a', 'ben')).rejects.toMatchObject({ code: 'MEMORY_FULL' });
  await counters.count('a', 'ann');
  expect(await counters.read(['a', 'b'])).toEqual(
    new Map([
      ['a', { total: 2, unique: 1 }],
      ['b', { total: 1, unique: 1 }],
    ]),
  );
  await counters.remove(['b']);
  await counters.count('a', 'ben');
});
