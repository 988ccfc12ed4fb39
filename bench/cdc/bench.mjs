// Drains the same backlog with each reader in turn, on a real server, and compares.
import { startPostgres } from '@sluice/testkit/postgres';
import pg from 'pg';
import { runContender } from '../measure/contender.mjs';
import { count, oneOrMore, parseOptions } from '../options.mjs';
import { busy, machine, revision, versionOf } from '../report/machine.mjs';
import { save } from '../report/save.mjs';
import { withBacklog } from './backlog.mjs';
import { comparison } from './comparison.mjs';
import { pgRecvlogicalVersion, runPgRecvlogical } from './readers/pg-recvlogical.mjs';
import { workloads } from './workloads.mjs';

export async function runCdc(args) {
  const all = Object.keys(workloads);
  const values = parseOptions(args, {
    events: { type: 'string', default: '500000' },
    workload: { type: 'string', default: all.join(',') },
  });
  const events = count('events', values.events);
  const runs = count('runs', values.runs);
  const chosen = oneOrMore('workload', values.workload, all);
  const readers = everyReader(values['cpu-prof']);

  const before = busy();
  const server = await startPostgres({ settings: QUIET });
  try {
    const on = machine([`Postgres ${await serverVersion(server.url)}, fsync off, loopback`]);
    const parts = [`# Draining a backlog of changes\n\n${on} · ${before} · revision ${revision()}`];
    console.log(parts[0]);
    for (const workload of chosen) {
      parts.push(await measure(server.url, { workload, events, runs, readers }));
      console.log(`\n${parts.at(-1)}`);
    }
    if (values.save) await save('cdc', parts.join('\n\n'));
  } finally {
    await server.stop();
  }
}

/** Nothing of the server's own housekeeping while someone is measured. */
const QUIET = { autovacuum: 'off', checkpoint_timeout: '1d', max_wal_size: '16GB', jit: 'off' };

/** Who reads, in the order of their turns. */
function everyReader(cpuProf) {
  const library = `pg-logical-replication ${versionOf('pg-logical-replication')}`;
  const script = (name) => new URL(`readers/${name}.mjs`, import.meta.url);
  const readers = [
    { name: 'Sluice', run: (job) => runContender(script('sluice'), job, { cpuProf }) },
    { name: library, run: (job) => runContender(script('pg-logical-replication'), job) },
  ];
  const version = pgRecvlogicalVersion();
  if (version === undefined) console.error('pg_recvlogical is not installed: left out');
  else readers.push({ name: `pg_recvlogical ${version} (discards)`, run: runPgRecvlogical });
  return readers;
}

async function measure(server, { workload, events, runs, readers }) {
  return withBacklog(server, workload, events, async ({ withJob, rowBytes }) => {
    const results = new Map(readers.map(({ name }) => [name, []]));
    for (let run = 1; run <= runs; run += 1) {
      for (const { name, run: read } of readers) {
        const result = await withJob(read);
        if (result.events !== events) throw new Error(`${name} read ${result.events} of ${events} events`);
        results.get(name).push(result);
      }
    }
    const about = `${events.toLocaleString('en')} inserts of ${rowBytes} bytes, ${workloads[workload]} per transaction`;
    return `## ${workload}: ${about}, ${runs} runs each\n\n${comparison(results, events)}`;
  });
}

async function serverVersion(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return rows[0].server_version.split(' ')[0];
}
