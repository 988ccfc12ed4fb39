// The tests that need a Docker daemon, alone: with the one that answers, else with one of our own while they run.
import { runStages } from '../stages/run-stages.mjs';
import { runDockerTests } from '../stages/vitest.mjs';

const total = await runStages([['Tests with a Docker daemon', runDockerTests]]);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
