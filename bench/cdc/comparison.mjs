// The table of one workload, and how the first contender stands to each of the others.
import { median, spread } from '../report/median.mjs';
import { table } from '../report/table.mjs';

/** `results`: for each reader its runs. Ratios are those of the medians. */
export function comparison(results, events) {
  const readers = [...results].map(([name, runs]) => ({ name, runs, ...medians(runs, events) }));
  const [ours] = readers;
  const rows = readers.map(({ name, runs, rate, cpu, peak }) => [
    name,
    thousands(rate),
    spread(
      runs.map(({ seconds }) => events / seconds),
      thousands,
    ),
    cpu.toFixed(2),
    `${Math.round(peak)}`,
    name === ours.name ? '' : `${(ours.rate / rate).toFixed(2)}×`,
    name === ours.name ? '' : `${(ours.cpu / cpu).toFixed(2)}×`,
    name === ours.name ? '' : `${(ours.peak / peak).toFixed(2)}×`,
  ]);
  return table(HEAD, rows);
}

const HEAD = ['reader', 'events/s', 'range', 'CPU s/M', 'peak MiB', 'our rate', 'our CPU', 'our memory'];

function medians(runs, events) {
  return {
    rate: median(runs.map(({ seconds }) => events / seconds)),
    cpu: median(runs.map(({ cpuSeconds }) => (cpuSeconds / events) * 1e6)),
    peak: median(runs.map(({ peakMiB }) => peakMiB)),
  };
}

const thousands = (rate) => `${(rate / 1000).toFixed(1)}k`;
