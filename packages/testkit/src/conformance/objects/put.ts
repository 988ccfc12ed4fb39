import type { ObjectStoreFeatures } from '@sluice/contracts';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { bytesOf, type Check, mustHave, streamOf } from './object-store-fixture.js';

/** What becomes of objects that are put. */
export function putPromises(check: Check, features: ObjectStoreFeatures): ConformanceTest[] {
  return [
    check('declares the features it was enrolled with', async (store) => {
      mustEqual({ ...store.features }, { ...features }, 'features');
      mustEqual(store.presign !== undefined, features.presigned, 'whether `presign` is there');
    }),

    check('what was put is there, with its size, type and time', async (store) => {
      const before = Date.now();
      const put = await store.put('a/b.txt', bytesOf(5), { contentType: 'text/plain; charset=utf-8' });
      mustEqual([put.key, put.size, put.contentType], ['a/b.txt', 5, 'text/plain; charset=utf-8'], 'the answer to put');
      await mustHave(store, 'a/b.txt', bytesOf(5));
      const reading = await store.get('a/b.txt');
      const head = await store.head('a/b.txt');
      mustHold(reading !== undefined && head !== undefined, 'get and head find it');
      for (const { key, size, contentType, etag, modified } of [reading, head]) {
        const told = [key, size, contentType, etag, modified.getTime()];
        mustEqual(
          told,
          [put.key, put.size, put.contentType, put.etag, put.modified.getTime()],
          'what get and head tell',
        );
      }
      const hours = Math.abs(put.modified.getTime() - before) / 3_600_000;
      mustHold(hours < 24, 'a time about now', put.modified);
      const plain = await store.put('plain', bytesOf(1));
      mustEqual(plain.contentType, 'application/octet-stream', 'the type where none was given');
    }),

    check('objects of any size, given whole or as a stream', async (store) => {
      for (const size of [0, 1, 50_000, 6_000_001]) {
        await store.put('whole', bytesOf(size));
        await mustHave(store, 'whole', bytesOf(size));
        const { size: told } = await store.put('stream', streamOf(bytesOf(size)));
        mustEqual(told, size, 'the size of what came as a stream');
        await mustHave(store, 'stream', bytesOf(size));
      }
    }),

    check('bytes do not change with the array that was given', async (store) => {
      const given = bytesOf(10);
      await store.put('a', given);
      given.fill(0);
      await mustHave(store, 'a', bytesOf(10));
    }),

    check('a later put replaces bytes, type and etag', async (store) => {
      const first = await store.put('a', bytesOf(10), { contentType: 'text/plain' });
      const second = await store.put('a', bytesOf(10, 1), { contentType: 'image/png' });
      await mustHave(store, 'a', bytesOf(10, 1));
      mustEqual((await store.head('a'))?.contentType, 'image/png', 'the type');
      mustHold(second.etag !== first.etag, 'another etag', [first.etag, second.etag]);
    }),

    check('ifAbsent stores only where there is no object', async (store) => {
      const once = { ifAbsent: true };
      await store.put('a', bytesOf(3), once);
      for (const body of [() => bytesOf(9), () => streamOf(bytesOf(9))]) {
        const error = await mustReject(() => store.put('a', body(), once), 'a put where there is an object rejects');
        mustEqual(error.code, 'OBJECT_EXISTS', 'the code');
      }
      await mustHave(store, 'a', bytesOf(3));
      await store.delete('a');
      await store.put('a', streamOf(bytesOf(4)), once);
      await mustHave(store, 'a', bytesOf(4));
    }),

    check('of many that put with ifAbsent at once, one succeeds', async (store) => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          store.put('a', n % 2 === 0 ? bytesOf(100 + n) : streamOf(bytesOf(100 + n)), { ifAbsent: true }).then(
            () => n,
            () => undefined,
          ),
        ),
      );
      const won = outcomes.filter((outcome) => outcome !== undefined);
      mustEqual(won.length, 1, 'puts that succeeded');
      await mustHave(store, 'a', bytesOf(100 + (won[0] ?? 0)));
    }),

    check('an object above maxBytes is refused, and the former one is still there', async (store) => {
      await store.put('a', bytesOf(3));
      for (const body of [() => bytesOf(11), () => streamOf(bytesOf(11))]) {
        const put = () => store.put('a', body(), { maxBytes: 10 });
        const error = await mustReject(put, 'a put above maxBytes rejects');
        mustEqual(error.code, 'OBJECT_TOO_LARGE', 'the code');
      }
      await mustHave(store, 'a', bytesOf(3));
      await store.put('a', streamOf(bytesOf(10)), { maxBytes: 10 });
      await mustHave(store, 'a', bytesOf(10));
    }),

    check('a stream without an end is read up to maxBytes, and then closed', async (store) => {
      let given = 0;
      let closed = false;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            given += 65_536;
            yield new Uint8Array(65_536);
            await new Promise(setImmediate);
          }
        } finally {
          closed = true;
        }
      }
      const put = () => store.put('a', endless(), { maxBytes: 100_000 });
      mustEqual((await mustReject(put, 'the put rejects')).code, 'OBJECT_TOO_LARGE', 'the code');
      mustEqual(await store.head('a'), undefined, 'the object');
      mustHold(given < 100_000_000, 'bytes that were taken, for 100,000', given);
      mustHold(closed, 'the stream was closed');
    }),

    check('a stream that fails leaves the former object as it was', async (store) => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield bytesOf(100_000);
        throw new Error('the upload broke off');
      }
      await store.put('a', bytesOf(3));
      for (const key of ['a', 'none']) {
        const outcome = await store.put(key, failing()).then(
          () => 'resolved',
          () => 'rejected',
        );
        mustEqual(outcome, 'rejected', 'a put whose stream fails');
      }
      await mustHave(store, 'a', bytesOf(3));
      mustEqual(await store.head('none'), undefined, 'an object that was never whole');
      mustEqual(
        (await store.list('')).map(({ key }) => key),
        ['a'],
        'the objects',
      );
    }),

    check('whoever reads meanwhile gets one object or the other, and whole', async (store, fixture) => {
      await using reader = fixture.store();
      const size = 300_000;
      await store.put('a', new Uint8Array(size).fill(0));
      let done = false;
      const writing = (async () => {
        for (let n = 1; n <= 20; n += 1) {
          const bytes = new Uint8Array(size).fill(n);
          await store.put('a', n % 2 === 0 ? bytes : streamOf(bytes));
        }
      })().finally(() => {
        done = true;
      });
      let torn: unknown;
      while (!done && torn === undefined) {
        const reading = await reader.get('a');
        if (reading === undefined) torn = 'no object';
        else {
          // One that was replaced may break off.
          const bytes = await bytesOrNone(reading.body);
          if (bytes && (bytes.length !== size || bytes.some((byte) => byte !== bytes[0]))) torn = bytes.length;
        }
        await new Promise(setImmediate);
      }
      await writing;
      mustEqual(torn, undefined, 'a reading that was neither');
      await mustHave(store, 'a', new Uint8Array(size).fill(20));
    }),
  ];
}

/** HTTP tells times in whole seconds. */
export const second = (time: Date | undefined) => Math.floor((time?.getTime() ?? 0) / 1_000);

async function bytesOrNone(body: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
