// Whether a pipeline's memory stays flat, however many events go through: with telemetry and without.
import { runContender } from '../measure/contender.mjs';
import { count, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { save } from '../report/save.mjs';
import { table } from '../report/table.mjs';
import { isFlat, SETTLED } from './flatness.mjs';

const script = new URL('memory-contender.mjs', import.meta.url);
const WAYS = ['Sluice', 'Sluice, Prometheus', 'Sluice, OpenTelemetry'];

export async function runMemory(args) {
  const values = parseOptions(args, {
    events: { type: 'string', default: '50000000' },
    batch: { type: 'string', default: '100' },
  });
  const events = count('events', values.events);
  const size = count('batch', values.batch);
  const on = machine([`RxJS ${versionOf('rxjs')}`]);
  const about = `${events.toLocaleString('en')} events in batches of ${size}`;
  const parts = [
    `# Memory of a pipeline over ${about}\n\n${on} · ${busy()} · revision ${revision()}`,
    `The heap is what is alive after a full collection. Flat: the last ${SETTLED.part} of the samples hold at most ${SETTLED.heapMiB} MiB more heap and ${SETTLED.residentMiB} MiB more resident memory (medians) than the second quarter.`,
  ];
  console.log(parts.join('\n\n'));
  let flat = true;
  for (const name of WAYS) {
    const { samples, seconds } = await runContender(
      script,
      { name, size, events },
      { flags: ['--expose-gc'], timeoutMs: 3_600_000 },
    );
    const verdict = isFlat(samples);
    flat &&= verdict;
    parts.push(`## ${name}: ${verdict ? 'flat' : 'NOT FLAT'}, ${seconds.toFixed(1)} s\n\n${shown(samples)}`);
    console.log(`\n${parts.at(-1)}`);
  }
  if (values.save) await save('runtime-memory', parts.join('\n\n'));
  if (!flat) process.exitCode = 1;
}

/** Ten of the samples at most, the first and the last among them. */
function shown(samples) {
  const rows = samples.filter((_, at) => at === samples.length - 1 || at % Math.ceil(samples.length / 9) === 0);
  return table(
    ['events', 'heap MiB', 'resident MiB'],
    rows.map(({ events, heapMiB, residentMiB }) => [
      `${(events / 1e6).toFixed(1)}M`,
      heapMiB.toFixed(2),
      residentMiB.toFixed(0),
    ]),
  );
}
