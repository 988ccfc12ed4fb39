// Fan-out to many sockets, with channels, tokens, offsets and history on, beside bare ws and socket.io.
import { runContender } from '../measure/contender.mjs';
import { count, oneOrMore, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { median, spread } from '../report/median.mjs';
import { save } from '../report/save.mjs';
import { table } from '../report/table.mjs';
import { SLUICE, servers, WS } from './servers.mjs';
import { workloads } from './workloads.mjs';

export async function runRealtime(args) {
  const values = parseOptions(args, {
    workload: { type: 'string', default: Object.keys(workloads).join(',') },
    deliveries: { type: 'string', default: '1000000' },
  });
  const chosen = oneOrMore('workload', values.workload, Object.keys(workloads));
  const runs = count('runs', values.runs);
  const deliveries = count('deliveries', values.deliveries);

  const on = machine([`ws ${versionOf('ws')}`, `socket.io ${versionOf('socket.io')}`]);
  const parts = [`# Fan-out to many sockets\n\n${on} · ${busy()} · revision ${revision()}`];
  console.log(parts[0]);
  for (const key of chosen) {
    const { about, ...workload } = workloads[key];
    const results = await measure({ ...workload, deliveries }, runs, values['cpu-prof']);
    parts.push(`## ${key}: ${about}, ${runs} runs each\n\n${comparison(results)}\n\n${verdict(workload, results)}`);
    console.log(`\n${parts.at(-1)}`);
  }
  if (values.save) await save('realtime', parts.join('\n\n'));
}

const script = new URL('contender.mjs', import.meta.url);

async function measure(workload, runs, cpuProf) {
  const results = new Map(Object.keys(servers).map((name) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, done] of results) {
      const profile = name === SLUICE ? { cpuProf } : {};
      done.push(await runContender(script, { name, workload }, { ...profile, flags: ['--expose-gc'] }));
    }
  }
  return results;
}

const cpuPerMillion = ({ cpuSeconds, deliveries }) => (cpuSeconds / deliveries) * 1e6;
const perSecond = ({ seconds, deliveries }) => deliveries / seconds;
const of = (results, name, what) => median(results.get(name).map(what));

function comparison(results) {
  const timed = results.get(SLUICE)[0].p99Ms !== undefined;
  const rows = [...results].map(([name, runs]) => [
    name,
    `${Math.round(median(runs.map(perSecond)) / 1000)}k`,
    median(runs.map(cpuPerMillion)).toFixed(2),
    spread(runs.map(cpuPerMillion), (seconds) => seconds.toFixed(2)),
    median(runs.map(({ idleKiB }) => idleKiB)).toFixed(1),
    Math.round(median(runs.map(({ handshakesPerCpuSecond }) => handshakesPerCpuSecond))).toLocaleString('en'),
    ...(timed
      ? [median(runs.map(({ p50Ms }) => p50Ms)).toFixed(1), median(runs.map(({ p99Ms }) => p99Ms)).toFixed(1)]
      : []),
  ]);
  const head = [
    'server',
    'deliveries/s',
    'CPU s/M',
    'range',
    'idle KiB',
    'handshakes/CPU s',
    ...(timed ? ['p50 ms', 'p99 ms'] : []),
  ];
  return table(head, rows);
}

/** By CPU: that is what limits a server, and it moves less when the machine is busy. */
function verdict({ atLeast, p99AtMost, idleAtMost }, results) {
  const ratio = (name) => of(results, name, cpuPerMillion) / of(results, SLUICE, cpuPerMillion);
  const lines = Object.entries(atLeast ?? {}).map(([name, least]) =>
    said(
      `Sluice delivers ${ratio(name).toFixed(2)}× what ${name} does for the same CPU`,
      ratio(name) >= least,
      `at least ${least}×`,
    ),
  );
  if (p99AtMost !== undefined) {
    const p99 = of(results, SLUICE, (run) => run.p99Ms) / of(results, WS, (run) => run.p99Ms);
    lines.push(said(`Its p99 is ${p99.toFixed(2)}× that of ws`, p99 <= p99AtMost, `at most ${p99AtMost}×`));
  }
  if (idleAtMost !== undefined) {
    const idle = of(results, SLUICE, (run) => run.idleKiB) / of(results, WS, (run) => run.idleKiB);
    lines.push(
      said(
        `An idle connection takes ${idle.toFixed(2)}× the memory of ws`,
        idle <= idleAtMost,
        `at most ${idleAtMost}×`,
      ),
    );
  }
  return lines.join('  \n');
}

const said = (what, kept, aim) => `${what}: ${kept ? 'within' : 'OUTSIDE'} the aim of ${aim}.`;
