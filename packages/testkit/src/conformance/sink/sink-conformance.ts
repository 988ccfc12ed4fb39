import { type ConformanceSuite, type ConformanceTest, promise } from '../suite.js';
import { atomicPromises } from './atomic.js';
import { idempotentPromises } from './idempotent.js';
import type { SinkFixture, SinkUnderTest } from './sink-fixture.js';
import { writePromises } from './write.js';

/** Makes a test over a fixture of its own; `unless` is the reason why the promise is not made, or false. */
export type Check<T> = (
  name: string,
  unless: string | false,
  run: (fixture: SinkFixture<T>) => Promise<void>,
) => ConformanceTest;

/** The promises of a `Sink`, as its features say: plain, idempotent or atomic. */
export function sinkConformance<T>(subject: SinkUnderTest<T>): ConformanceSuite {
  const check: Check<T> = (name, unless, run) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await run(fixture);
    });
  return {
    name: `${subject.name}: sink`,
    tests: [...writePromises(check, subject), ...idempotentPromises(check, subject), ...atomicPromises(check, subject)],
  };
}
