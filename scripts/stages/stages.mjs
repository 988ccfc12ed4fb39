import { join } from 'node:path';
import { ensureChromium } from '../setup/chromium.mjs';
import { ensurePackages } from '../setup/npm-packages.mjs';
import { root } from '../setup/root.mjs';
import { turbo } from '../setup/turbo.mjs';
import { run } from './run.mjs';
import { runDockerTests, runTests } from './vitest.mjs';

/** What `npm test` does, in order: the quick judges first. `soakMinutes`: how long random pipelines run at the end. */
export function stages({ browser, soakMinutes = 0 }) {
  return [
    ['Packages', ensurePackages],
    ...(browser ? [['Chromium', ensureChromium]] : []),
    ['Types', checkTypes],
    ['Style', () => run('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.'])],
    ['Structure', () => run(join(root, 'scripts/check-structure.mjs'))],
    ['Error codes in docs/errors.md', () => run(join(root, 'scripts/error-page.mjs'), ['--check'])],
    ['Build', () => turbo('Building what changed', 'build')],
    ['Public API reports', () => run(join(root, 'scripts/api-report.mjs'), ['--check'])],
    ['Packages as published', () => turbo('Checking the packages as npm would publish them', 'publint')],
    [browser ? 'Tests' : 'Tests, without those that need a browser', () => runTests({ browser })],
    ['Tests with a Docker daemon', runDockerTests],
    ...(soakMinutes > 0 ? [['Soak', () => run(join(root, 'soak/run.mjs'), ['--minutes', String(soakMinutes)])]] : []),
  ];
}

async function checkTypes() {
  await turbo('Checking types', 'typecheck');
  await run('typescript/bin/tsc', ['-p', 'docs']);
}
