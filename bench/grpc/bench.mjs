// What a unary call costs the server, and the client, beside grpc-js as it comes.
import { runContender } from '../measure/contender.mjs';
import { count, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { median, spread } from '../report/median.mjs';
import { save } from '../report/save.mjs';
import { table } from '../report/table.mjs';

const SIDES = ['server', 'client'];
const BARE = 'grpc-js';
const SLUICE = 'Sluice, everything on';
const CONTENDERS = [BARE, 'Sluice, no telemetry', SLUICE];
/** What Sluice may cost, as a multiple of grpc-js. */
const LIMIT = 1.15;

export async function runGrpc(args) {
  const values = parseOptions(args, {
    calls: { type: 'string', default: '200000' },
    'in-flight': { type: 'string', default: '50' },
  });
  const calls = count('calls', values.calls);
  const inFlight = count('in-flight', values['in-flight']);
  const runs = count('runs', values.runs);

  const on = machine([`grpc-js ${versionOf('@grpc/grpc-js')}`]);
  const parts = [`# What a unary gRPC call costs\n\n${on} · ${busy()} · revision ${revision()}`];
  console.log(parts[0]);
  for (const side of SIDES) {
    const results = new Map(CONTENDERS.map((name) => [name, []]));
    for (let run = 1; run <= runs; run += 1) {
      for (const [name, done] of results) {
        const profile = name === SLUICE ? { cpuProf: values['cpu-prof'] } : {};
        done.push(await runContender(script, { side, name, calls, inFlight }, profile));
      }
    }
    const about = `${calls.toLocaleString('en')} calls, ${inFlight} in flight, ${runs} runs each; the other side is grpc-js`;
    parts.push(`## The ${side}: ${about}\n\n${comparison(results)}${verdict(results)}`);
    console.log(`\n${parts.at(-1)}`);
  }
  if (values.save) await save('grpc', parts.join('\n\n'));
}

const script = new URL('contender.mjs', import.meta.url);

/** CPU of each run against the one of grpc-js that was made beside it: both had the same neighbours. */
function ratios(results, name) {
  const bare = results.get(BARE);
  return results.get(name).map(({ cpuSeconds }, run) => cpuSeconds / bare[run].cpuSeconds);
}

function comparison(results) {
  const perMillion = ({ cpuSeconds, calls }) => (cpuSeconds / calls) * 1e6;
  const rows = [...results].map(([name, runs]) => [
    name,
    median(runs.map(perMillion)).toFixed(1),
    spread(runs.map(perMillion), (seconds) => seconds.toFixed(1)),
    median(ratios(results, name)).toFixed(2),
    `${Math.round(median(runs.map(({ seconds, calls }) => calls / seconds))).toLocaleString('en')}`,
    `${Math.round(median(runs.map(({ peakMiB }) => peakMiB)))}`,
  ]);
  return table(['contender', 'CPU s/M', 'range', '× grpc-js', 'calls/s', 'peak MiB'], rows);
}

function verdict(results) {
  const ratio = median(ratios(results, SLUICE));
  return `\n\nWith everything on, Sluice takes ${ratio.toFixed(2)}× the CPU of grpc-js: ${ratio <= LIMIT ? 'within' : 'ABOVE'} the limit of ${LIMIT}×.`;
}
