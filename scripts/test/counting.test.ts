import { expect, test } from 'vitest';
// @ts-expect-error plain JavaScript without declarations
import { runStages } from '../stages/run-stages.mjs';
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

const quietly = (stages: unknown[]) => runStages(stages, () => {});
const passes = ['passes', async () => {}];
const throws = ['throws', async () => Promise.reject(new Error('no'))];

test('stages and tests are added up', async () => {
  expect(await quietly([passes, ['tests', async () => ({ passed: 3, failed: 0 })], passes])).toEqual({
    passed: 6,
    failed: 0,
  });
});

test('the first stage that fails is the last', async () => {
  expect(await quietly([passes, throws, passes])).toEqual({ passed: 1, failed: 1 });
  expect(await quietly([['tests', async () => ({ passed: 3, failed: 2 })], passes])).toEqual({ passed: 3, failed: 2 });
});

test('a stage that cannot run here says why, counts as nothing, and the next ones run', async () => {
  const said: string[] = [];
  const leftOut = ['cannot', async () => ({ leftOut: 'no daemon' })];
  expect(await runStages([leftOut, passes], (line: string) => said.push(line))).toEqual({ passed: 1, failed: 0 });
  expect(said.join()).toContain('left out: no daemon');
});

test('a stage whose outcome cannot be told has failed', async () => {
  expect(await quietly([['odd', async () => 0], passes])).toEqual({ passed: 0, failed: 1 });
});
