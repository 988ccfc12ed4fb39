// `npm test`: everything that gives confidence, in stages; the first stage that fails is the last.
// The last line of the output is always `N passed, N failed`: the stages and the single tests together.
import { requireNode } from './setup/node-version.mjs';
import { runStages } from './stages/run-stages.mjs';
import { stages } from './stages/stages.mjs';

requireNode();
const browser = !process.argv.includes('--no-browser');
const total = await runStages([['Options', refuseUnknown], ...stages({ browser })]);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);

function refuseUnknown() {
  const unknown = process.argv.slice(2).find((argument) => argument !== '--no-browser');
  if (unknown !== undefined) throw new Error(`Unknown option ${unknown}; npm test knows --no-browser.`);
  if (!browser && process.env.CI) {
    throw new Error('--no-browser is for machines without Chromium; CI runs every test.');
  }
}
