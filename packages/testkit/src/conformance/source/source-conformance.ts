import type { Source } from '@sluice/contracts';
import { mustEqual } from '../promise-broken.js';
import { type ConformanceSuite, type ConformanceTest, promise } from '../suite.js';
import { individualPromises } from './individual.js';
import { lifePromises } from './life.js';
import { losePromises } from './lose.js';
import { orderPromises } from './order.js';
import { resumePromises } from './resume.js';
import type { SourceFixture, SourceUnderTest } from './source-fixture.js';

/** Makes a test over a fixture of its own; `unless` is the reason why the promise is not made, or false. */
export type Check<T> = (
  name: string,
  unless: string | false,
  run: (fixture: SourceFixture<T>) => Promise<void>,
) => ConformanceTest;

/** The promises of a `Source`, as its features say: cumulative or individual, replayable or not. */
export function sourceConformance<T>(subject: SourceUnderTest<T>): ConformanceSuite {
  const check: Check<T> = (name, unless, run) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await run(fixture);
    });
  const declared = check('declares the features it was enrolled with', false, async (fixture) => {
    const source: Source<T> = fixture.source();
    mustEqual(source.features.ack, subject.features.ack, 'features.ack');
    mustEqual(source.features.replayable, subject.features.replayable, 'features.replayable');
  });
  return {
    name: `${subject.name}: source`,
    tests: [
      declared,
      ...orderPromises(check, subject),
      ...resumePromises(check, subject.features),
      ...individualPromises(check, subject.features),
      ...lifePromises(check),
      ...losePromises(check, subject),
    ],
  };
}
