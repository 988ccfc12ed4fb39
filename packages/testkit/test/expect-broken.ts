import { expect } from 'vitest';
import type { ConformanceSuite } from '../src/conformance/index.js';

/** Runs the promise of this name and expects that it is found broken. */
export async function expectBroken(suite: ConformanceSuite, name: string): Promise<void> {
  const found = suite.tests.find((candidate) => candidate.name === name);
  expect(found?.name, 'the promise').toBe(name);
  expect(found?.notPromised, `"${name}" is promised`).toBeUndefined();
  await expect(found?.run() ?? Promise.resolve()).rejects.toMatchObject({
    code: expect.stringMatching(/^TEST_/),
  });
}
