import type { ConformanceSuite } from '../suite.js';
import { checkOf, type DeadLetterStoreUnderTest } from './dead-letter-fixture.js';
import { findPromises } from './find.js';
import { keepPromises } from './keep.js';
import { putPromises } from './put.js';
import { treatPromises } from './treat.js';

/** The promises of a `DeadLetterStore`. */
export function deadLetterStoreConformance(subject: DeadLetterStoreUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  return {
    name: `${subject.name}: dead-letter store`,
    tests: [
      ...putPromises(check, subject),
      ...findPromises(check),
      ...treatPromises(check),
      ...keepPromises(check, subject),
    ],
  };
}
