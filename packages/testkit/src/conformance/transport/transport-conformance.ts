import { sourceConformance } from '../source/source-conformance.js';
import type { ConformanceSuite } from '../suite.js';
import { carryPromises } from './carry.js';
import { sharePromises } from './share.js';
import { TransportBench } from './transport-bench.js';
import { checkOf, subscriptionOf, type TransportUnderTest } from './transport-fixture.js';

/** The promises of a `Transport`, as its features say; those of its subscriptions, which are sources, among them. */
export function transportConformance(subject: TransportUnderTest): ConformanceSuite {
  const check = checkOf(subject);
  const subscription = sourceConformance<Uint8Array>({
    name: 'a subscription',
    features: subscriptionOf(subject),
    ...(subject.features.orderedByKey ? {} : { unordered: 'the transport does not keep the order of a key' }),
    async create() {
      const fixture = await subject.create();
      const bench = new TransportBench(fixture);
      return {
        ...bench.sourceFixture(['samples'], 'group'),
        async [Symbol.asyncDispose]() {
          await bench[Symbol.asyncDispose]();
          await fixture[Symbol.asyncDispose]();
        },
      };
    },
  });
  return {
    name: `${subject.name}: transport`,
    tests: [
      ...carryPromises(check, subject),
      ...sharePromises(check, subject),
      ...subscription.tests.map((each) => ({ ...each, name: `a subscription: ${each.name}` })),
    ],
  };
}
