import { trackResources } from '../../leak/track-resources.js';
import { waitFor } from '../../wait/wait-for.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { bytesOf, type Check, mustHave, type ObjectStoreUnderTest, readAll } from './object-store-fixture.js';
import { second } from './put.js';

/** Reading, listing, deleting; keys. */
export function findPromises(check: Check, subject: ObjectStoreUnderTest): ConformanceTest[] {
  const unsigned = subject.features.presigned ? false : 'it makes no addresses for browsers';

  return [
    check('an object that there is not is undefined, and may be deleted', async (store) => {
      mustEqual(await store.get('none'), undefined, 'get');
      mustEqual(await store.get('none', { range: { from: 0 } }), undefined, 'get of a range');
      mustEqual(await store.head('none'), undefined, 'head');
      mustEqual(await store.list(''), [], 'list');
      await store.delete('none');
    }),

    check('a deleted object is gone, for others too, and may be deleted again', async (store, fixture) => {
      await using other = fixture.store();
      await store.put('a', bytesOf(3));
      await store.put('b', bytesOf(3));
      await store.delete('a');
      mustEqual([await store.get('a'), await store.head('a')], [undefined, undefined], 'get and head');
      mustEqual(await other.head('a'), undefined, 'head of another store');
      mustEqual(
        (await store.list('')).map(({ key }) => key),
        ['b'],
        'the objects',
      );
      await store.delete('a');
      await store.put('a', bytesOf(4));
      await mustHave(store, 'a', bytesOf(4));
    }),

    check('a range has the bytes from `from` up to, and without, `to`', async (store) => {
      const size = 200_000;
      const bytes = bytesOf(size);
      await store.put('a', bytes, { contentType: 'video/mp4' });
      const ranges: [from: number, to?: number][] = [
        [0, 1],
        [0, size],
        [0],
        [1],
        [1, 2],
        [65_535, 131_073],
        [size - 1],
        [size - 1, size],
        [size - 2, size + 1_000],
        [199_000, 2 ** 40],
      ];
      for (const [from, to] of ranges) {
        const reading = await store.get('a', { range: to === undefined ? { from } : { from, to } });
        mustEqual([reading?.size, reading?.contentType], [size, 'video/mp4'], 'size and type of the whole object');
        const found = await readAll(reading);
        mustHold(found.equals(bytes.subarray(from, to)), `the bytes from ${from} to ${to ?? 'the end'}`, found.length);
      }
    }),

    check('a range without a byte is refused', async (store) => {
      await store.put('a', bytesOf(10));
      await store.put('empty', bytesOf(0));
      const ranges: [string, number, number?][] = [
        ['a', 10],
        ['a', 11, 12],
        ['a', 5, 5],
        ['a', 5, 4],
        ['a', -1],
        ['a', -5, 5],
        ['a', 0.5],
        ['a', Number.NaN],
        ['empty', 0],
      ];
      for (const [key, from, to] of ranges) {
        const get = () => store.get(key, { range: to === undefined ? { from } : { from, to } });
        const error = await mustReject(get, `a range from ${from} to ${to ?? 'the end'} rejects`);
        mustEqual(error.code, 'OBJECT_RANGE_INVALID', 'the code');
      }
    }),

    check('lists what begins with the prefix, letter by letter, in the order of bytes', async (store) => {
      const keys = [
        'p/1',
        'p/10',
        'p/2',
        'p/B',
        'p/a',
        'p/é',
        'p/\u{1F511}',
        'p/\uFF5E',
        'P/1',
        'px',
        'p',
        'p%',
        'p_1',
        'q',
      ];
      for (const [at, key] of keys.entries()) await store.put(key, bytesOf(at));
      const inOrder = (list: readonly string[]) =>
        list.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const prefix of ['', 'p', 'p/', 'p/1', 'p%', 'p_', 'P', 'none', '/']) {
        const listed = (await store.list(prefix)).map(({ key }) => key);
        mustEqual(
          listed,
          inOrder(keys.filter((key) => key.startsWith(prefix))),
          `the keys that begin with "${prefix}"`,
        );
      }
      const [entry] = await store.list('p/B');
      const head = await store.head('p/B');
      mustEqual(
        [entry?.size, entry?.etag, second(entry?.modified)],
        [head?.size, head?.etag, second(head?.modified)],
        'what a listing tells of an object',
      );
    }),

    check('lists on after a key, `limit` objects at a time', async (store) => {
      const keys = Array.from({ length: 25 }, (_, n) => `p/${String(n).padStart(2, '0')}`);
      for (const key of keys) await store.put(key, bytesOf(1));
      await store.put('q', bytesOf(1));
      const found: string[] = [];
      for (let after: string | undefined; found.length <= 25; after = found.at(-1)) {
        const page = await store.list('p/', { limit: 10, ...(after === undefined ? {} : { after }) });
        mustHold(page.length <= 10, '`limit` objects at most', page.length);
        if (page.length === 0) break;
        found.push(...page.map(({ key }) => key));
      }
      mustEqual(found, keys, 'the keys of all pages');
      mustEqual(
        (await store.list('p/', { after: 'p/225', limit: 1 }))[0]?.key,
        'p/23',
        'after a key that is not there',
      );
    }),

    check('any text that is a key is one', async (store) => {
      const keys = [
        '__proto__',
        'a',
        'a/b',
        'A',
        'a b',
        ' a',
        'a.',
        '...',
        'a%2Fb',
        'a%',
        'a+b&c=d?e#f',
        `it's "quoted" \\ \`so\``,
        '<>:|*[]{}~^;,@!$()',
        'Ключ 鍵 🔑',
        'e\u0301',
        '\u00e9',
        'k'.repeat(1_024),
        `${'é'.repeat(100)}/${'x'.repeat(255)}`,
      ];
      for (const [at, key] of keys.entries()) await store.put(key, bytesOf(at + 1));
      for (const [at, key] of keys.entries()) await mustHave(store, key, bytesOf(at + 1));
      const listed = (await store.list('')).map(({ key }) => key);
      mustEqual(listed.sort(), [...keys].sort(), 'the keys');
      for (const key of keys) await store.delete(key);
      mustEqual(await store.list(''), [], 'objects after all were deleted');
    }),

    check('what is no key is refused by every call', async (store) => {
      const bad = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        'a\u0000',
        'a\nb',
        '\ud800',
        'é'.repeat(513),
      ];
      for (const key of bad) {
        const calls = [
          () => store.put(key, bytesOf(1)),
          () => store.get(key),
          () => store.head(key),
          () => store.delete(key),
          ...(store.presign ? [async () => store.presign?.(key, { method: 'GET', expiresInMs: 1_000 })] : []),
        ];
        for (const call of calls) {
          const error = await mustReject(call, `a call with the key ${JSON.stringify(key).slice(0, 20)} rejects`);
          mustEqual(error.code, 'OBJECT_KEY_INVALID', 'the code');
        }
      }
      mustEqual(await store.list(''), [], 'objects');
    }),

    check('a reading that is left early, or never begun, leaves nothing open', async (_, fixture) => {
      const life = async () => {
        await using store = fixture.store();
        await store.put('a', bytesOf(2_000_000));
        await store.get('a');
        const reading = await store.get('a');
        mustHold(reading !== undefined, 'the object is there');
        for await (const chunk of reading.body) {
          mustHold(chunk.length > 0, 'chunks have bytes');
          break;
        }
        await mustHave(store, 'a', bytesOf(2_000_000));
      };
      await life();
      using tracker = trackResources();
      await life();
      await tracker.assertNoLeaks();
    }),

    check(
      'objects outlast the store object',
      async (store, fixture) => {
        await store.put('a', bytesOf(3), { contentType: 'text/plain' });
        await store[Symbol.asyncDispose]();
        await using second = fixture.store();
        await mustHave(second, 'a', bytesOf(3));
        mustEqual((await second.head('a'))?.contentType, 'text/plain', 'the type');
      },
      subject.volatile,
    ),

    check(
      'an address permits what it was made for, and for its time',
      async (store, fixture) => {
        const sign = async (key: string, method: 'GET' | 'PUT', expiresInMs = 60_000) =>
          (await store.presign?.(key, { method, expiresInMs })) ?? '';
        await store.put('a b/é', bytesOf(1_000));
        const got = await fetch(await sign('a b/é', 'GET'));
        mustEqual([got.status, Buffer.from(await got.arrayBuffer()).equals(bytesOf(1_000))], [200, true], 'GET');
        const put = await fetch(await sign('new', 'PUT'), { method: 'PUT', body: Buffer.from(bytesOf(7)) });
        mustHold(put.ok, 'PUT', put.status);
        await mustHave(store, 'new', bytesOf(7));
        const other = await fetch(await sign('new', 'GET'), { method: 'PUT', body: Buffer.from(bytesOf(9)) });
        mustHold(!other.ok, 'PUT to an address for GET is refused', other.status);
        const forged = await fetch((await sign('new', 'GET')).replace('/new', '/a%20b/%C3%A9'));
        mustHold(!forged.ok, 'an address for another object is refused', forged.status);
        await mustHave(store, 'new', bytesOf(7));
        const short = await sign('new', 'GET', 1_000);
        await waitFor(async () => !(await fetch(short)).ok, {
          what: 'an address to run out',
          timeoutMs: fixture.timeoutMs ?? 30_000,
        });
      },
      unsigned,
    ),
  ];
}
