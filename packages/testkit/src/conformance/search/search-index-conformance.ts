import type { ConformanceSuite } from '../suite.js';
import { applyPromises } from './apply.js';
import { findPromises } from './find.js';
import { optionalPromises } from './optional.js';
import { checkOf, type SearchIndexUnderTest } from './search-fixture.js';

/** The promises of a `SearchIndex`, as its features say. */
export function searchIndexConformance(subject: SearchIndexUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  return {
    name: `${subject.name}: search index`,
    tests: [...applyPromises(check, subject), ...findPromises(check), ...optionalPromises(check, subject.features)],
  };
}
