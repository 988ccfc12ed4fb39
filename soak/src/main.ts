import { parseArgs } from 'node:util';
import { playInMemory } from './memory/play.js';
import { playOnPostgres } from './postgres/play.js';
import { Random } from './random/random.js';

const USAGE = `Usage: npm run test:soak -- [options]

Random pipelines under random faults: connections that break, sinks that refuse, lanes that are taken away, crashes, frozen
processes, drains. In the end nothing may be lost, and each guarantee must have been kept.

    --minutes N   How long. Default: 3
    --seed S      What everything is made from. Default: a new one, which is printed
    --only N      Run number N of the seed and nothing else
    --help        This text`;

/** One run of so many is on a real Postgres, with real processes. */
const POSTGRES_EVERY = 40;

process.exitCode = await main();
// What was abandoned in a crash may hold timers for a while.
process.exit();

async function main(): Promise<number> {
  const { minutes, seed, only, help } = options();
  if (help) {
    say(USAGE);
    return 0;
  }
  say(only === undefined ? `Soaking for ${minutes} min, seed ${seed}` : `Run ${only} of seed ${seed}`);
  const end = performance.now() + minutes * 60_000;
  let told = performance.now();
  let runs = 0;
  for (let run = only ?? 1; only === undefined ? performance.now() < end : run === only; run++) {
    const random = new Random(`${seed}/${run}`);
    const jitter = random.fork('Math.random');
    Math.random = () => jitter.next();
    const play = run % POSTGRES_EVERY === 0 ? playOnPostgres : playInMemory;
    const { scenario, wrong } = await play(random);
    if (wrong.length > 0) {
      say(`Run ${run} of seed ${seed} broke a promise:\n  ${wrong.join('\n  ')}\n  ${JSON.stringify(scenario)}`);
      say(`Again: npm run test:soak -- --seed ${seed} --only ${run}`);
      return 1;
    }
    runs += 1;
    if (performance.now() - told < 15_000) continue;
    told = performance.now();
    say(`  ${runs} runs, ${Math.max(0, (end - told) / 60_000).toFixed(1)} min left`);
  }
  say(`${runs} runs, every promise kept (seed ${seed})`);
  return 0;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string', default: Date.now().toString(36) },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const only = values.only === undefined ? undefined : positive('only', values.only);
    return { ...values, minutes: positive('minutes', values.minutes), only };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    process.exit(2);
  }
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`--${option} takes a number above 0, not ${text}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
