import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '@sluice/contracts';
import { memoryObjects } from '@sluice/testkit';
import { conformance, objectStoreConformance } from '@sluice/testkit/conformance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diskObjects } from '../src/disk/index.js';
import { useFolder } from './support/use-folder.js';

conformance(
  objectStoreConformance({
    name: 'diskObjects',
    features: { presigned: false, maxBytes: 64 * 1_048_576 },
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-objects-'));
      return {
        store: () => diskObjects({ folder: join(folder, 'objects of', 'a store') }),
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
      };
    },
  }),
  { describe, test: (name, run) => test(name, { timeout: 60_000 }, run) },
);

const folder = useFolder();

test('keys that a file system would mix up, or refuse, are objects of their own', async () => {
  const store = diskObjects({ folder: folder() });
  const keys = [
    ...['a', 'A', 'a/b', 'A/b', 'a/B', 'a.', 'a ', 'a.txt', 'A.TXT'],
    ...['con', 'NUL', 'com1.txt', 'aux/x', 'x/prn', 'lpt1'],
    ...['\u00e9', 'e\u0301', 'ß', 'ss', 'ı', 'i', 'I', 'İ'],
    ...[
      'd-a',
      'o-a',
      '=41',
      'a=',
      '%41',
      '~1',
      'objec~1',
      '.hidden',
      'x/.git',
      '-rf',
      'a:b',
      'a\\b',
      '..a',
      'a..',
      '...',
    ],
    ...['x'.repeat(199), 'x'.repeat(255), 'X'.repeat(255), 'y'.repeat(1_024), '鍵'.repeat(341), `${'d/'.repeat(511)}z`],
    ...[`${'D/'.repeat(511)}z`, `${'p'.repeat(300)}/q`, `${'p'.repeat(300)}/q/r`],
  ];
  for (const key of keys) await store.put(key, Buffer.from(key));
  for (const key of keys) expect(await textOf(store, key)).toBe(key);
  const listed = (await store.list('')).map(({ key }) => key);
  expect(listed).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  for (const key of keys) await store.delete(key);
  expect(await store.list('')).toEqual([]);
});

test('any keys are listed as a store in memory lists them', { timeout: 120_000 }, async () => {
  const part = fc.oneof(
    fc.constantFrom('a', 'A', 'b', 'a!', 'a0', 'é', '\u{1F511}', '\uff5e', 'x'.repeat(220), `${'x'.repeat(220)}y`),
    fc.string({ minLength: 1, maxLength: 3 }).filter((text) => /^[^/\p{Cc}]+$/u.test(text) && !/^\.\.?$/.test(text)),
  );
  const aKey = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const property = fc.asyncProperty(
    fc.uniqueArray(aKey, { maxLength: 12 }),
    fc.oneof(
      fc.constant(''),
      aKey,
      aKey.map((key) => `${key}/`),
      fc.constantFrom('a', 'x', '/', 'a//'),
    ),
    fc.option(aKey, { nil: undefined }),
    fc.integer({ min: 1, max: 8 }),
    async (keys, prefix, after, limit) => {
      const root = await mkdtemp(join(folder(), 'any-'));
      const stores = [diskObjects({ folder: root }), memoryObjects()] as const;
      for (const key of keys) await Promise.all(stores.map((store) => store.put(key, Buffer.from(key))));
      const options = after === undefined ? { limit } : { limit, after };
      const [found, expected] = await Promise.all(stores.map((store) => store.list(prefix, options)));
      expect(found?.map(({ key, etag }) => [key, etag])).toEqual(expected?.map(({ key, etag }) => [key, etag]));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('a reading that has begun goes on with its object when that is replaced, and when it is deleted', async () => {
  const store = diskObjects({ folder: folder() });
  for (const change of [() => store.put('a', Buffer.alloc(10)), () => store.delete('a')]) {
    await store.put('a', Buffer.alloc(1_000_000, 1));
    const body = (await store.get('a'))?.body[Symbol.asyncIterator]();
    const parts = [(await body?.next())?.value];
    await change();
    for (let next = await body?.next(); next && !next.done; next = await body?.next()) parts.push(next.value);
    expect(Buffer.concat(parts).equals(Buffer.alloc(1_000_000, 1))).toBe(true);
  }
});

test('a large object that is replaced before its first byte is read rejects; a small one is here already', async () => {
  const store = diskObjects({ folder: folder() });
  await store.put('large', Buffer.alloc(200_000, 1));
  await store.put('small', Buffer.alloc(2_000, 1));
  const [large, small] = [await store.get('large'), await store.get('small')];
  for (const key of ['large', 'small']) await store.put(key, Buffer.alloc(200_000, 2));
  await expect(large?.body[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'OBJECT_REPLACED' });
  const first = await small?.body[Symbol.asyncIterator]().next();
  expect(Buffer.alloc(2_000, 1).equals(first?.value ?? Buffer.alloc(0))).toBe(true);
});

test('a stream is asked for more only when what it gave is stored', async () => {
  const store = diskObjects({ folder: folder() });
  let given = 0;
  async function* body() {
    for (; given < 200; given += 1) yield Buffer.alloc(65_536);
  }
  const { size } = await store.put('a', body(), { contentType: 'video/mp4' });
  expect([size, given]).toEqual([200 * 65_536, 200]);
});

test('puts and deletes of neighbours at once leave what was put last', { timeout: 60_000 }, async () => {
  const stores = [diskObjects({ folder: folder() }), diskObjects({ folder: folder() })];
  const worker = async (store: ObjectStore, name: string) => {
    for (let round = 0; round < 30; round += 1) {
      await store.put(`deep/er/${name}`, Buffer.from(`${round}`));
      if (round < 29) await store.delete(`deep/er/${name}`);
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map((name, n) => worker(stores[n % 2] as ObjectStore, name)));
  const listed = await (stores[0] as ObjectStore).list('deep/');
  expect(listed.map(({ key, size }) => [key, size])).toEqual(
    ['a', 'b', 'c', 'd'].map((name) => [`deep/er/${name}`, 2]),
  );
});

test.each([
  ['folder', { folder: '' }],
  ['maxBytes', { folder: 'x', maxBytes: 0 }],
  ['leftoverAgeMs', { folder: 'x', leftoverAgeMs: 0.5 }],
  ['maxByte', { folder: 'x', maxByte: 1 }],
])('an option that is wrong is named: %s', (name, options) => {
  const refusal = { code: 'OPTIONS_INVALID', message: expect.stringContaining(name) };
  expect(() => diskObjects(options)).toThrow(expect.objectContaining(refusal));
});

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await store.get(key))?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
