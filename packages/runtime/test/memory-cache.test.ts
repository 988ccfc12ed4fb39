import { cacheConformance, conformance } from '@sluice/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { memoryCache } from '../src/index.js';

const LONG = { ttlMs: 60_000 };

conformance(
  cacheConformance({
    name: 'memoryCache',
    features: { shared: false },
    tooLarge: 200_000,
    create: async () => ({
      cache: () => memoryCache({ maxBytes: 150_000 }),
      async [Symbol.asyncDispose]() {},
    }),
  }),
  { describe, test },
);

test('what was used least lately goes when there are too many entries', async () => {
  await using cache = memoryCache({ maxEntries: 3 });
  for (const key of ['a', 'b', 'c']) await cache.set({ key, version: 1, value: key }, LONG);
  await cache.get('a');
  await cache.set({ key: 'd', version: 1, value: 'd' }, LONG);
  expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => cache.get(key)))).toEqual(['a', undefined, 'c', 'd']);
});

test('what was used least lately goes when there are too many bytes, counted in UTF-8', async () => {
  await using cache = memoryCache({ maxBytes: 100 });
  await cache.set({ key: 'a', version: 1, value: 'é'.repeat(40) }, LONG);
  await cache.set({ key: 'b', version: 1, value: 'x'.repeat(30) }, LONG);
  expect(await cache.get('a')).toBeUndefined();
  expect(await cache.get('b')).toBe('x'.repeat(30));
});

test.each<[string, object]>([
  ['maxBytes', { maxBytes: 0 }],
  ['maxEntries', { maxEntries: 1.5 }],
  ['maxByte', { maxByte: 5 }],
])('an option that is wrong is named: %s', (name, options) => {
  expect(() => memoryCache(options)).toThrow(
    expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(name) }),
  );
});

test.each([
  ['ttlMs', 1, 0],
  ['ttlMs', 1, Number.POSITIVE_INFINITY],
  ['version', 1.5, 1],
  ['version', Number.NaN, 1],
])('a %s that is none is refused', async (name, version, ttlMs) => {
  await using cache = memoryCache();
  const refusal = { code: 'OPTIONS_INVALID', message: expect.stringContaining(name) };
  await expect(cache.set({ key: 'a', version, value: 'x' }, { ttlMs })).rejects.toMatchObject(refusal);
  await expect(cache.invalidate([{ key: 'a', version }], { ttlMs })).rejects.toMatchObject(refusal);
});
