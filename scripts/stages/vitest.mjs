import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoDocker, withDocker } from '../docker/with-docker.mjs';
import { exitCodeOf } from './run.mjs';

/** Runs all tests but those that need Docker against real services and resolves with how many passed and failed. */
export function runTests({ browser }) {
  return counted(['--project=!docker', ...(browser ? [] : ['--project=!browser'])]);
}

/**
 * Runs the tests that need Docker. Where there is no daemon and none can be started, they are left out, with the reason; in
 * CI that is a failure.
 */
export async function runDockerTests() {
  const reason = whyNoDocker();
  if (reason === undefined) return await withDocker((place) => counted(['--project=docker'], place));
  if (process.env.CI) throw new Error(`CI runs every test; ${reason}.`);
  return { leftOut: reason };
}

async function counted(options, place) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  try {
    const outcome = join(folder, 'outcome.json');
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${outcome}`, ...options];
    const code = await exitCodeOf('vitest/vitest.mjs', args, place);
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
