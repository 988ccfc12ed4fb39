import type { Counters, CountersFeatures } from '@sluice/contracts';
import { mustEqual } from '../promise-broken.js';
import { type ConformanceTest, promise } from '../suite.js';

/** Counters as the suite needs them. */
export interface CountersUnderTest {
  readonly name: string;
  /** As the counters declare them; the suite checks that they do. */
  readonly features: CountersFeatures;
  /** Makes an empty place for counts; each test has one of its own. */
  create(): Promise<CountersFixture>;
  /** Why what was counted does not outlast the object, where that is so. */
  readonly volatile?: string;
}

/** A place for counts, and counters that open it. */
export interface CountersFixture extends AsyncDisposable {
  /** Counters over the place, anew at each call, as another process would have them. */
  counters(): Counters;
}

/** Makes a test over a place of its own. */
export type Check = (
  name: string,
  run: (counters: Counters, fixture: CountersFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: CountersUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using counters = fixture.counters();
      await run(counters, fixture);
    });

/** Fails unless `total` and `unique` are told of the key. */
export async function mustCount(counters: Counters, key: string, total: number, unique: number): Promise<void> {
  mustEqual((await counters.read([key])).get(key), { total, unique }, 'the count');
}
