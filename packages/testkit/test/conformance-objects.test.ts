import { describe, test } from 'vitest';
import { conformance, type ObjectStoreFixture, objectStoreConformance } from '../src/conformance/index.js';
import { memoryObjects } from '../src/index.js';
import { expectBroken } from './expect-broken.js';
import { brokenObjects, type ObjectDefect } from './fixtures/broken-objects.js';
import { type PresignDefect, presignedObjects } from './fixtures/presigned-objects.js';

const objects = (defect?: ObjectDefect) =>
  objectStoreConformance({
    name: 'memoryObjects',
    features: { presigned: false, maxBytes: 64 * 1_048_576 },
    async create(): Promise<ObjectStoreFixture> {
      const timers = new Set<NodeJS.Timeout>();
      const store = defect ? brokenObjects(defect, timers) : memoryObjects();
      return {
        store: () => (defect === 'gone when reopened' ? memoryObjects() : store),
        async [Symbol.asyncDispose]() {
          for (const timer of timers) clearInterval(timer);
        },
      };
    },
  });

conformance(objects(), { describe, test });

describe('a broken object store is found by the promise that it breaks', () => {
  const THERE = 'what was put is there, with its size, type and time';
  const REPLACES = 'a later put replaces bytes, type and etag';
  const DELETED = 'a deleted object is gone, for others too, and may be deleted again';
  const LISTS = 'lists what begins with the prefix, letter by letter, in the order of bytes';
  const RANGE = 'a range has the bytes from `from` up to, and without, `to`';
  const FAILING = 'a stream that fails leaves the former object as it was';
  test.each<[ObjectDefect, string]>([
    ['loses the last byte', THERE],
    ['loses the type', THERE],
    ['keeps the array', 'bytes do not change with the array that was given'],
    ['keeps the first', REPLACES],
    ["put that isn't idempotent", REPLACES],
    ['ifAbsent ignored', 'ifAbsent stores only where there is no object'],
    ['looks, then puts', 'of many that put with ifAbsent at once, one succeeds'],
    ['ignores maxBytes', 'an object above maxBytes is refused, and the former one is still there'],
    ['deletes before it puts', 'whoever reads meanwhile gets one object or the other, and whole'],
    ['keeps what came of a broken stream', FAILING],
    ['swallows an error', FAILING],
    ['object range off by one', RANGE],
    ['range of the end is empty', 'a range without a byte is refused'],
    ['deletes nothing', DELETED],
    ['delete of none fails', 'an object that there is not is undefined, and may be deleted'],
    ['prefix in any case', LISTS],
    ['lists by length', LISTS],
    ['list repeats one', 'lists on after a key, `limit` objects at a time'],
    ['keys in lower case', 'any text that is a key is one'],
    ['accepts any key', 'what is no key is refused by every call'],
    ['leaks a timer', 'a reading that is left early, or never begun, leaves nothing open'],
    ['gone when reopened', 'objects outlast the store object'],
  ])('%s', { timeout: 30_000 }, (defect, name) => expectBroken(objects(defect), name));
});

const presigned = (defect?: PresignDefect) =>
  objectStoreConformance({
    name: 'objects with addresses',
    features: { presigned: true, maxBytes: 64 * 1_048_576 },
    create: () => presignedObjects(defect),
  });

conformance(presigned(), { describe, test: (name, run) => test(name, { timeout: 40_000 }, run) });

describe('a broken address is found by its promise', () => {
  test.each<[PresignDefect]>([['permits any method'], ['permits any object'], ['never runs out']])(
    '%s',
    { timeout: 60_000 },
    (defect) => expectBroken(presigned(defect), 'an address permits what it was made for, and for its time'),
  );
});
