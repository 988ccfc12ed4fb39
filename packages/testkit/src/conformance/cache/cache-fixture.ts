import type { Cache, CacheFeatures } from '@sluice/contracts';
import { mustEqual } from '../promise-broken.js';
import { type ConformanceTest, promise } from '../suite.js';

/** A cache as the suite needs it. */
export interface CacheUnderTest {
  readonly name: string;
  /** As the cache declares them; the suite checks that it does. */
  readonly features: CacheFeatures;
  /** Bytes of a value that is larger than the cache takes, where there is one. */
  readonly tooLarge?: number;
  /** Makes an empty cache; each test has one of its own. */
  create(): Promise<CacheFixture>;
}

/** A place for entries, and caches that open it. */
export interface CacheFixture extends AsyncDisposable {
  /** A cache over the place, anew at each call, as another process would have it. One that isn't shared is asked for once. */
  cache(): Cache;
  /** How long the suite waits for a short-lived entry to go, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** Makes a test over a cache of its own. */
export type Check = (
  name: string,
  run: (cache: Cache, fixture: CacheFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: CacheUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using cache = fixture.cache();
      await run(cache, fixture);
    });

/** Longer than any test. */
export const LONG = { ttlMs: 600_000 };

/** Fails unless the cache has this value, or none, under the key. */
export async function mustHave(cache: Cache, key: string, value: string | undefined, what: string): Promise<void> {
  mustEqual(await cache.get(key), value, what);
}
