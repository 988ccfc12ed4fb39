/** One promise of an interface, and how to check it. */
export interface ConformanceTest {
  readonly name: string;
  /** Why the adapter does not make this promise; it is reported and not run. */
  readonly notPromised?: string;
  run(): Promise<void>;
}

/** The promises of one interface, as one adapter makes them. */
export interface ConformanceSuite {
  readonly name: string;
  readonly tests: readonly ConformanceTest[];
}

/** What a test framework must offer: vitest and node:test do. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: (context: { skip(reason?: string): unknown }) => Promise<void>): unknown;
}

/**
 * Enrols an adapter: `conformance(sinkConformance({ ... }), { describe, test })`. Promises that it does not make are
 * reported by name, with the reason.
 */
export function conformance(suite: ConformanceSuite, { describe, test }: TestFramework): void {
  describe(suite.name, () => {
    for (const { name, notPromised, run } of suite.tests) {
      test(name, async (context) => {
        if (notPromised === undefined) await run();
        else context.skip(notPromised);
      });
    }
  });
}

/** A promise that an adapter may leave out: `unless` is a reason, or false when it is made. */
export function promise(name: string, unless: string | false, run: () => Promise<void>): ConformanceTest {
  return unless === false ? { name, run } : { name, notPromised: unless, run };
}
