// `npm test`: everything that gives confidence, in stages; the first stage that fails is the last.
// The last line of the output is always `N passed, N failed`: the stages and the single tests together.
import { requireNode } from './setup/node-version.mjs';
import { runStages } from './stages/run-stages.mjs';
import { stages } from './stages/stages.mjs';

requireNode();
const browser = !process.argv.includes('--no-browser');
const refusal = whatIsRefused(process.argv.slice(2));
// A new seed each time, which it prints: so every run of CI looks where none has looked before.
const soakMinutes = process.env.CI ? 3 : 0;
const total = await runStages(
  refusal === undefined ? stages({ browser, soakMinutes }) : [['Options', () => Promise.reject(refusal)]],
);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);

function whatIsRefused(options) {
  const unknown = options.find((option) => option !== '--no-browser');
  if (unknown !== undefined) return new Error(`Unknown option ${unknown}; npm test knows --no-browser.`);
  if (browser || !process.env.CI) return undefined;
  return new Error('--no-browser is for machines without Chromium; CI runs every test.');
}
