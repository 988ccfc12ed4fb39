import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, '.built-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures/node-test-suite.ts')],
    outfile: join(folder, 'suite.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@sluice/source'],
  });
}, 60_000);

afterAll(() => rm(folder, { recursive: true }));

/** Runs the suite with node:test; `failed` and `skipped` are the names that it reports so. */
function runSuite(...args: string[]): Promise<{ code: number; failed: string[]; skipped: string[]; passed: number }> {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const command = ['--test-reporter=tap', join(folder, 'suite.mjs'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, timeout: 60_000 }, (error, output) => {
      const lines = output.split('\n').filter((line) => line.startsWith('    ') && / - /.test(line));
      const named = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
      resolve({
        code: error === null ? 0 : Number(error.code),
        failed: named(/^ +not ok \d+ - (.*)$/),
        skipped: named(/^ +ok \d+ - (.* # SKIP .*)$/),
        passed: named(/^ +ok \d+ - ((?!.*# SKIP).*)$/).length,
      });
    });
  });
}

test('a suite runs under node:test, and reports what is not promised with the reason', {
  timeout: 90_000,
}, async () => {
  const { code, failed, skipped, passed } = await runSuite();
  expect({ code, failed, skipped }).toEqual({
    code: 0,
    failed: [],
    skipped: ['checkpoints and fences outlast the store object # SKIP it is gone with the process'],
  });
  expect(passed).toBeGreaterThan(10);
});

test('a broken adapter fails under node:test by the name of the promise', { timeout: 90_000 }, async () => {
  const { code, failed } = await runSuite('drops within');
  expect(code).toBe(1);
  expect(failed).toContain('what was saved is loaded, digit for digit');
});
