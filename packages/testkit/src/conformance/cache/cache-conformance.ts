import type { ConformanceSuite } from '../suite.js';
import { type CacheUnderTest, checkOf } from './cache-fixture.js';
import { keepPromises } from './keep.js';
import { versionPromises } from './versions.js';

/** The promises of a `Cache`, as its features say. The suite gives none of the caches a reason to forget. */
export function cacheConformance(subject: CacheUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  return { name: `${subject.name}: cache`, tests: [...keepPromises(check, subject), ...versionPromises(check)] };
}
