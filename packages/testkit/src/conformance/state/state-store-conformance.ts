import type { ConformanceSuite } from '../suite.js';
import { inboxPromises } from './inbox.js';
import { checkOf, type StateStoreUnderTest } from './state-store-fixture.js';
import { writePromises } from './write.js';

/** The promises of a `StateStore`. */
export function stateStoreConformance(subject: StateStoreUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  return { name: `${subject.name}: state store`, tests: [...writePromises(check, subject), ...inboxPromises(check)] };
}
