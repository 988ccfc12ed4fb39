import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf } from './run.mjs';

/** Runs all tests against real services and resolves with how many passed and failed. */
export async function runTests({ browser }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  try {
    const outcome = join(folder, 'outcome.json');
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${outcome}`];
    if (!browser) args.push('--project=!browser');
    const code = await exitCodeOf('vitest/vitest.mjs', args);
    return countTests(readFileSync(outcome, 'utf8'), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The counts in vitest's JSON report. A file that fails without a failed test in it (it does not load, a hook of its
 * own throws) counts as one failure; so do errors outside of every test, which show in the exit code alone.
 */
export function countTests(json, exitCode) {
  const report = JSON.parse(json);
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + broken.length;
  if (passed + failed === 0) return { passed, failed: 1 };
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}
