// `npm test`: everything that gives confidence, in stages; the first stage that fails is the last.
// The last line of the output is always `N passed, N failed`: the stages and the single tests together.
import { optionsOf, test } from './setup/command-line.mjs';
import { requireNode } from './setup/node-version.mjs';
import { runStages } from './stages/run-stages.mjs';
import { stages } from './stages/stages.mjs';

requireNode();
const says = ({ passed, failed }) => console.log(`\n${passed} passed, ${failed} failed`);
const browser = !optionsOf(test, { refused: () => says({ passed: 0, failed: 1 }) })['no-browser'];
// A new seed each time, which it prints: so every run of CI looks where none has looked before.
const soakMinutes = process.env.CI ? 3 : 0;
const refused = !browser && process.env.CI;
const total = await runStages(
  refused
    ? [
        [
          'Options',
          () => Promise.reject(new Error('--no-browser is for machines without Chromium; CI runs every test.')),
        ],
      ]
    : stages({ browser, soakMinutes }),
);
process.exitCode = total.failed === 0 ? 0 : 1;
says(total);
