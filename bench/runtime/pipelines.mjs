// One pipeline, ten, a hundred in one process: what each costs when there are others.
import { runContender } from '../measure/contender.mjs';
import { count, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { median, spread } from '../report/median.mjs';
import { save } from '../report/save.mjs';
import { table } from '../report/table.mjs';

const script = new URL('pipelines-contender.mjs', import.meta.url);

export async function runPipelines(args) {
  const values = parseOptions(args, {
    events: { type: 'string', default: '5000000' },
    batch: { type: 'string', default: '100' },
    pipelines: { type: 'string', default: '1,10,100' },
  });
  const events = count('events', values.events);
  const size = count('batch', values.batch);
  const runs = count('runs', values.runs);
  const numbers = values.pipelines.split(',').map((number) => count('pipelines', number));

  const on = machine([`RxJS ${versionOf('rxjs')}`]);
  const head = `# Pipelines side by side\n\n${on} · ${busy()} · revision ${revision()}`;
  console.log(head);
  const results = new Map(numbers.map((number) => [number, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const [pipelines, done] of results) {
      done.push(await runContender(script, { pipelines, size, events }, { flags: ['--expose-gc'] }));
    }
  }
  const about = `${events.toLocaleString('en')} events over all of them, batches of ${size}, ${runs} runs each`;
  const text = `## ${about}\n\n${comparison(results)}`;
  console.log(`\n${text}`);
  if (values.save) await save('runtime-pipelines', `${head}\n\n${text}`);
}

function comparison(results) {
  const rate = ({ events, seconds }) => events / seconds / 1e6;
  const rows = [...results].map(([pipelines, runs]) => [
    `${pipelines}`,
    median(runs.map(rate)).toFixed(1),
    spread(runs.map(rate), (million) => million.toFixed(1)),
    median(runs.map(({ cpuSeconds, events }) => (cpuSeconds / events) * 1e6)).toFixed(3),
    median(runs.map(({ idleKiB }) => idleKiB)).toFixed(0),
    `${Math.round(median(runs.map(({ peakMiB }) => peakMiB)))}`,
    median(runs.map(({ lastFirst }) => lastFirst)).toFixed(2),
  ]);
  const head = ['pipelines', 'M events/s', 'range', 'CPU s/M', 'KiB each, idle', 'peak MiB', 'first:last'];
  return table(head, rows);
}
