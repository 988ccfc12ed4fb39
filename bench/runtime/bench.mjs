// What a pipeline costs per event on top of a plain loop, beside other ways to write the same three steps.
import { runContender } from '../measure/contender.mjs';
import { count, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { median, spread } from '../report/median.mjs';
import { save } from '../report/save.mjs';
import { table } from '../report/table.mjs';
import { PLAIN, SLUICE, ways } from './ways.mjs';

export async function runRuntime(args) {
  const values = parseOptions(args, {
    events: { type: 'string', default: '5000000' },
    batch: { type: 'string', default: '100,10' },
  });
  const events = count('events', values.events);
  const runs = count('runs', values.runs);
  const sizes = values.batch.split(',').map((size) => count('batch', size));
  const cpuProf = values['cpu-prof'];

  const on = machine([`RxJS ${versionOf('rxjs')}`]);
  const parts = [`# What a pipeline costs per event\n\n${on} · ${busy()} · revision ${revision()}`];
  console.log(parts[0]);
  for (const size of sizes) {
    const results = await measure({ size, events, runs, cpuProf });
    const about = `${events.toLocaleString('en')} events, ${runs} runs each`;
    parts.push(`## Batches of ${size}: ${about}\n\n${comparison(results)}${verdict(size, results)}`);
    console.log(`\n${parts.at(-1)}`);
  }
  if (values.save) await save('runtime', parts.join('\n\n'));
}

const script = new URL('contender.mjs', import.meta.url);

async function measure({ size, events, runs, cpuProf }) {
  const results = new Map(Object.keys(ways).map((name) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, done] of results) {
      const profile = name === SLUICE ? { cpuProf } : {};
      done.push(await runContender(script, { name, size, events }, profile));
    }
  }
  return results;
}

/** What a pipeline may cost above the plain loop, in µs per event, by the events of a batch. */
const LIMITS = { 100: 0.1, 10: 0.15 };

/** Whether Sluice keeps to the limit, by CPU time too: that moves less when the machine is busy. */
function verdict(size, results) {
  const limit = LIMITS[size];
  if (limit === undefined) return '';
  const above = (of) => median(results.get(SLUICE).map(of)) - median(results.get(PLAIN).map(of));
  const wall = above(({ seconds, events }) => (seconds / events) * 1e6);
  const cpu = above(({ cpuSeconds, events }) => (cpuSeconds / events) * 1e6);
  const kept = Math.min(wall, cpu) <= limit ? 'within' : 'ABOVE';
  return `\n\nSluice adds ${wall.toFixed(3)} µs of time and ${cpu.toFixed(3)} µs of CPU to the plain loop: ${kept} the limit of ${limit} µs.`;
}

/** The overhead is that over the plain loop's median. */
function comparison(results) {
  const perEvent = ({ seconds, events }) => (seconds / events) * 1e6;
  const plain = median(results.get(PLAIN).map(perEvent));
  const rows = [...results].map(([name, runs]) => [
    name,
    median(runs.map(perEvent)).toFixed(3),
    spread(runs.map(perEvent), (us) => us.toFixed(3)),
    name === PLAIN ? '' : (median(runs.map(perEvent)) - plain).toFixed(3),
    median(runs.map(({ cpuSeconds, events }) => (cpuSeconds / events) * 1e6)).toFixed(3),
    `${Math.round(median(runs.map(({ peakMiB }) => peakMiB)))}`,
  ]);
  return table(['way', 'µs/event', 'range', 'overhead µs', 'CPU µs/event', 'peak MiB'], rows);
}
