/**
 * Runs stages one after the other, the first that fails being the last. A stage is a name and a function; it fails by
 * throwing, or by resolving with counts of tests of which some failed. One that cannot run here resolves with `leftOut`, the
 * reason, which is said, and counts as nothing.
 *
 * Resolves with how much passed and failed: a stage that passes counts as one, as does each test; a stage that fails
 * counts as its failed tests, or as one.
 */
export async function runStages(stages, say = console.log) {
  const total = { passed: 0, failed: 0 };
  for (const [name, run] of stages) {
    const started = Date.now();
    say(`\n── ${name}`);
    const counts = await outcomeOf(run, say);
    if (counts.leftOut !== undefined) {
      say(`   left out: ${counts.leftOut}`);
      continue;
    }
    total.passed += counts.passed;
    total.failed += counts.failed;
    say(`   ${counts.failed === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    if (counts.failed > 0) break;
    total.passed += 1;
  }
  return total;
}

async function outcomeOf(run, say) {
  try {
    const { passed, failed, leftOut } = (await run()) ?? { passed: 0, failed: 0 };
    if (leftOut !== undefined) return { passed: 0, failed: 0, leftOut };
    if (Number.isInteger(passed) && Number.isInteger(failed)) return { passed, failed };
    throw new Error('This stage did not say how many tests passed and failed.');
  } catch (error) {
    say(error.message);
    return { passed: 0, failed: 1 };
  }
}
