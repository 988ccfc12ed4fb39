// `npm run bench -- cdc`, `npm run bench -- runtime` and so on: measurements side by side with what else one could use.
import { turbo } from '../scripts/setup/turbo.mjs';
import { benchmarks } from './benchmarks.mjs';
import { UsageError } from './options.mjs';

const USAGE = `Usage: npm run bench -- <benchmark> [options]

${benchmarks.map(({ name, about, usage }) => `  ${name.padEnd(17)} ${about}\n${usage}`).join('\n\n')}

Common options
    --runs N          Runs of each contender, in turn; the table shows medians. Default: 3
    --cpu-prof DIR    Write CPU profiles of Sluice's runs to DIR
    --no-save         Print only; write nothing to bench/results
    --no-build        Measure the packages as they were built last
    --help            This text`;

const [name, ...args] = process.argv.slice(2);
const benchmark = benchmarks.find((one) => one.name === name);
if (name === undefined || name === '--help' || args.includes('--help')) console.log(USAGE);
else if (benchmark === undefined) refuse(`There is no benchmark ${name}.`);
else {
  try {
    if (!args.includes('--no-build')) await turbo('Building what changed', 'build', { filter: './packages/*' });
    const run = await benchmark.load();
    await run(args);
  } catch (error) {
    if (error instanceof UsageError) refuse(error.message);
    else {
      console.error(error);
      process.exitCode = 1;
    }
  }
}

function refuse(message) {
  console.error(`${message}\n\n${USAGE}`);
  process.exitCode = 2;
}
