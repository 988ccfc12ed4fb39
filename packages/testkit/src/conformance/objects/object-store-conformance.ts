import type { ConformanceSuite } from '../suite.js';
import { findPromises } from './find.js';
import { checkOf, type ObjectStoreUnderTest } from './object-store-fixture.js';
import { putPromises } from './put.js';

/** The promises of an `ObjectStore`, as its features say. */
export function objectStoreConformance(subject: ObjectStoreUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  return {
    name: `${subject.name}: object store`,
    tests: [...putPromises(check, subject.features), ...findPromises(check, subject)],
  };
}
