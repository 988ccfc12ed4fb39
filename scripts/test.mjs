// `npm test`: everything that gives confidence, in stages; the first stage that fails is the last.
// The last line of the output is always `N passed, N failed`: the stages and the single tests together.
import { requireNode } from './setup/node-version.mjs';
import { stages } from './stages/stages.mjs';

requireNode();
const options = { browser: !process.argv.includes('--no-browser') };
const total = { passed: 0, failed: 0 };
const unknown = process.argv.slice(2).filter((argument) => argument !== '--no-browser');
const refusal =
  unknown.length > 0
    ? `Unknown option ${unknown[0]}; npm test knows --no-browser.`
    : !options.browser && process.env.CI
      ? '--no-browser is for machines without Chromium; CI runs every test.'
      : undefined;

if (refusal !== undefined) {
  console.error(refusal);
  total.failed += 1;
} else {
  for (const [name, run] of stages(options)) {
    const started = Date.now();
    console.log(`\n── ${name}`);
    try {
      const counts = (await run()) ?? { passed: 0, failed: 0 };
      total.passed += counts.passed;
      total.failed += counts.failed;
    } catch (error) {
      console.error(error.message);
      total.failed += 1;
    }
    console.log(`   ${total.failed === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    if (total.failed > 0) break;
    total.passed += 1;
  }
}
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
