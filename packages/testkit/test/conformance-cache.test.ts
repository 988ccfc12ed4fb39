import { describe, test } from 'vitest';
import { cacheConformance, conformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { type CacheDefect, cachePlace, LARGEST } from './fixtures/broken-cache.js';

const cache = (defect?: CacheDefect, shared = true) =>
  cacheConformance({
    name: 'memory',
    features: { shared },
    tooLarge: LARGEST + 1,
    create: async () => cachePlace(defect),
  });

conformance(cache(), { describe, test });

describe('a broken cache is found by the promise that it breaks', () => {
  const READ = 'what was set is read, and what was not is undefined';
  const TEXTS = 'any text of up to 512 bytes is a key, and any text a value';
  const OLD = 'a value grows too old, and may be set anew with the version that it had';
  const LARGE = 'what is larger than the cache takes is not kept, and neither is what it replaces';
  const NEWER = 'a newer value takes the place of an older one, never the other way';
  const UP_TO = 'invalidate forgets values up to the version, and no newer one';
  const LATE = 'who read before the change and sets afterwards does not bring the old state back';
  test.each<[CacheDefect, string]>([
    ['no cache', READ],
    ['empty is nothing', READ],
    ['keys in lower case', TEXTS],
    ['accepts any key', 'what is no key is refused by every call'],
    ['never too old', OLD],
    ['remembers the version for ever', 'a version is refused for its time only'],
    ['keeps what is too large', LARGE],
    ['a large one changes nothing', LARGE],
    ['the last one stays', NEWER],
    ['the last one stays', 'of many that set at once, the newest stays'],
    ['versions as text', NEWER],
    ['versions as floats of 32 bits', 'versions go by number, up to 2^53 - 1'],
    ['invalidates by key alone', UP_TO],
    ['invalidates the first', UP_TO],
    ['invalidates the first', 'a thousand keys may be invalidated at once, and none'],
    ['invalidates nothing', UP_TO],
    ['forgets without a trace', LATE],
    ['refuses lower ones only', LATE],
    ['the last invalidation counts', 'an earlier version that is invalidated later does not undo a higher one'],
    ['refuses for as long as the value', 'a short life does not shorten what is refused for long'],
    ['each for itself', 'other processes see what is set and what is invalidated'],
    ['leaks a timer', 'a closed cache leaves nothing open'],
  ])('%s', { timeout: 30_000 }, (defect, name) => expectBroken(cache(defect), name));
});

test('a cache that declares another feature than it was enrolled with is found', () =>
  expectBroken(cache(undefined, false), 'declares the features it was enrolled with'));
