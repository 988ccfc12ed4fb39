import { waitFor } from '@sluice/testkit';
import { startPostgres, testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, expect, test } from 'vitest';
import { postgresChanges } from '../../src/index.js';
import { changesOf, Driver } from '../support/drive.js';
import { WireTap } from '../support/wire-tap.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows, others; CREATE TABLE rows (id int PRIMARY KEY, text text)');
  await db.query('CREATE TABLE others (id int PRIMARY KEY)');
});

/** A transaction of someone else, rolled back at the end of the test. */
async function transaction() {
  const other = await db.pool.connect();
  return {
    other,
    async [Symbol.asyncDispose]() {
      await other.query('ROLLBACK');
      other.release();
    },
  };
}

const soon = <T>(work: Promise<T>): Promise<T | 'late'> =>
  Promise.race([work, new Promise<'late'>((resolve) => setTimeout(resolve, 2000, 'late'))]);

test('opening ends when it is aborted, also while it waits for a lock', async () => {
  await using tap = await WireTap.before(db.url);
  await using held = await transaction();
  const { other } = held;
  await other.query('BEGIN; LOCK TABLE rows');
  const abort = new AbortController();
  const source = postgresChanges({ connection: tap.url, tables: ['public.rows'], slot });
  const context = { pipeline: 'p', checkpoints: new Map(), maxBatchBytes: 1, signal: abort.signal, notice() {} };
  const opening = Promise.resolve(source.open(context)).catch((error: unknown) => error);
  await waitFor(async () => (await db.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length, {
    what: 'the publication to wait for the lock',
  });
  abort.abort();
  expect(await soon(opening)).toMatchObject({ code: 'CDC_CONNECTION_LOST' });
  await waitFor(() => tap.open === 0, { what: 'the connections to be closed', timeoutMs: 2000 });
});

test('a snapshot that is closed ends every lane, those that wait for their turn and those that wait for a lock', async () => {
  await using tap = await WireTap.before(db.url);
  const tables = ['public.rows', 'public.others'] as const;
  const driver = await Driver.open(changesOf(tap.url, slot, { tables, snapshotConnections: 1 }));
  await using held = await transaction();
  const { other } = held;
  await other.query('BEGIN; LOCK TABLE others, rows');
  const reading = driver.lanes.slice(1).map((lane) => driver.next(lane));
  await waitFor(async () => (await db.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length, {
    what: 'a lane to wait for the lock',
  });
  await driver[Symbol.asyncDispose]();
  expect(await soon(Promise.all(reading))).toEqual([undefined, undefined]);
  await waitFor(() => tap.open === 0, { what: 'the connections to be closed', timeoutMs: 2000 });
});

test('a lane that waits for its turn ends though the one before it is not pulled any more', async () => {
  await db.query(`INSERT INTO others SELECT generate_series(1, 100000)`);
  const tables = ['public.others', 'public.rows'] as const;
  const driver = await Driver.open(changesOf(db.url, slot, { tables, snapshotConnections: 1 }), { maxBatchBytes: 1 });
  await driver.next(driver.lanes[1]);
  const waiting = driver.next(driver.lanes[2]);
  await driver[Symbol.asyncDispose]();
  expect(await soon(waiting)).toBeUndefined();
});

test('a session that is closed while its slot is being created ends at once', async () => {
  await using tap = await WireTap.before(db.url);
  await using held = await transaction();
  const { other } = held;
  await other.query('BEGIN; INSERT INTO rows VALUES (1)');
  const driver = await Driver.open(changesOf(tap.url, slot, { tables: ['public.rows'] }));
  const reading = driver.snapshot();
  await waitFor(
    async () => (await db.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [slot])).length,
    { what: 'the slot to appear' },
  );
  await driver[Symbol.asyncDispose]();
  expect(await soon(reading)).toEqual([]);
  await waitFor(() => tap.open === 0, { what: 'the connections to be closed', timeoutMs: 2000 });
});

test('a server can be stopped while a reader that holds a batch is not pulled', async () => {
  await using server = await startPostgres();
  const own = await testDatabase({ url: server.url });
  await own.query('CREATE TABLE rows (id int PRIMARY KEY)');
  await using driver = await Driver.open(changesOf(own.url, 'stalled', { tables: ['public.rows'] }));
  await driver.snapshot();
  const reading = driver.events(1);
  await own.query('INSERT INTO rows VALUES (1)');
  await reading;
  await own.query('INSERT INTO rows VALUES (2)');
  await own.pool.end();
  const since = performance.now();
  await server.stop('fast');
  expect(performance.now() - since).toBeLessThan(5000);
}, 30_000);
