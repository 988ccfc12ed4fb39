// One database with one backlog, and a slot of its own, at its beginning, for each run of each reader.
import { testDatabase } from '@sluice/testkit/postgres';
import pg from 'pg';
import { PUBLICATION, workloads, writeBacklog } from './workloads.mjs';

/**
 * Writes the backlog of `workload`, calls `read` with a way to have a job made for each run, and drops everything.
 * Slots are copied from one that was made before the first row, so all readers are given the very same bytes.
 */
export async function withBacklog(server, workload, events, read) {
  const database = await testDatabase({ url: server, name: `bench_${workload}` });
  const template = `${database.name}_template`;
  const client = new pg.Client({ connectionString: database.url });
  try {
    await client.connect();
    const backlog = await writeBacklog(client, { events, perTransaction: workloads[workload], template });
    let runs = 0;
    const withJob = async (work) => {
      runs += 1;
      const slot = `${database.name}_run_${runs}`;
      await client.query('SELECT pg_copy_logical_replication_slot($1, $2)', [template, slot]);
      try {
        return await work({ url: database.url, slot, publication: PUBLICATION, events, end: backlog.end });
      } finally {
        await dropSlot(client, slot);
      }
    };
    return await read({ withJob, rowBytes: backlog.bytes });
  } finally {
    await client.end();
    await database.drop();
  }
}

/** The server notices a moment later that the reader has gone. */
async function dropSlot(client, slot) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { rows } = await client.query('SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1', [slot]);
    if (rows.length === 0) return;
    if (rows[0].active_pid === null) break;
    if (Date.now() > deadline) throw new Error(`slot ${slot} is still in use`);
    await client.query('SELECT pg_terminate_backend($1, 1000)', [rows[0].active_pid]);
  }
  await client.query('SELECT pg_drop_replication_slot($1)', [slot]);
}
