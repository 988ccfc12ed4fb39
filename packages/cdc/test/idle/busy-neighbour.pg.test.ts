import { memorySink, pipeline } from '@sluice/runtime';
import { postgresCheckpoints } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Change, postgresChanges } from '../../src/index.js';

const idle = useDatabase();
const busy = useDatabase();
const MB = 1024 * 1024;

test('an idle database holds less than 32 MB of WAL while its neighbour writes 200 MB', async () => {
  const slot = `idle_${idle.name}`.slice(0, 63);
  await idle.query('CREATE TABLE quiet (id int PRIMARY KEY)');
  await using checkpoints = postgresCheckpoints({ connection: idle.url });
  const running = pipeline('idle')
    .from(postgresChanges({ connection: idle.url, tables: ['public.quiet'], slot }))
    .to(memorySink<Change>(), { checkpoints });
  void running.run();
  await running.caughtUp();

  const held = async () => {
    const [row] = await idle.query<{ retained: string; unconfirmed: string }>(
      `SELECT pg_current_wal_lsn() - restart_lsn AS retained, pg_current_wal_lsn() - confirmed_flush_lsn AS unconfirmed
       FROM pg_replication_slots WHERE slot_name = $1`,
      [slot],
    );
    return { retained: Number(row?.retained), unconfirmed: Number(row?.unconfirmed) };
  };
  let most = 0;
  let written = 0;
  for (let step = 0; step < 25; step++) {
    const [row] = await busy.query<{ before: string; after: string }>(
      `WITH before AS MATERIALIZED (SELECT pg_current_wal_insert_lsn() AS at), bulk AS MATERIALIZED (
         SELECT count(pg_logical_emit_message(false, 'bulk', repeat('x', 1048576))) FROM before, generate_series(1, 8)
       ) SELECT before.at - '0/0' AS before, pg_current_wal_insert_lsn() - '0/0' AS after FROM before, bulk`,
    );
    written += Number(row?.after) - Number(row?.before);
    // The record from which a slot may begin anew; the server writes one every 15 s by itself.
    await busy.query('SELECT pg_log_standby_snapshot()');
    most = Math.max(most, (await held()).retained);
    const movedOn = async () => Object.values(await held()).every((bytes) => bytes < 12 * MB);
    await waitFor(movedOn, { what: 'the slot to move on', timeoutMs: 15_000 });
  }
  await waitFor(async () => (await held()).retained < 16 * MB, { what: 'the WAL to be given back', timeoutMs: 15_000 });
  expect(written).toBeGreaterThan(200 * MB);
  expect(most).toBeLessThan(32 * MB);
  await running.drain();
}, 120_000);
