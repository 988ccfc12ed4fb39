import { expect, test } from 'vitest';
// @ts-expect-error plain JavaScript without declarations
import { countTests } from '../stages/vitest.mjs';

const report = (numPassedTests: number, numFailedTests: number, testResults: unknown[] = []) =>
  JSON.stringify({ numPassedTests, numFailedTests, testResults });

test('tests are counted one by one', () => {
  expect(countTests(report(3, 0), 0)).toEqual({ passed: 3, failed: 0 });
  expect(countTests(report(3, 2), 1)).toEqual({ passed: 3, failed: 2 });
});

test('a file that does not load is a failure, though no test of it ran', () => {
  expect(countTests(report(3, 0, [{ status: 'failed', assertionResults: [] }]), 1)).toEqual({ passed: 3, failed: 1 });
});

test('an error outside of every test is a failure, and so is finding no test', () => {
  expect(countTests(report(3, 0), 1)).toEqual({ passed: 3, failed: 1 });
  expect(countTests(report(0, 0), 0)).toEqual({ passed: 0, failed: 1 });
});
