import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';
import { WireTap } from '../support/wire-tap.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows; CREATE TABLE rows (id int PRIMARY KEY)');
});

const open = (options: Parameters<typeof changesOf>[2] = {}, checkpoints?: Map<string, null>) =>
  Driver.open(changesOf(db.url, slot, { tables: ['public.rows'], ...options }), checkpoints && { checkpoints });
const state = async () => {
  const [row] = await db.query<{ pid: number | null; confirmed: string | null }>(
    'SELECT active_pid AS pid, confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return row;
};
const ids = (events: readonly { data: { after: unknown } | null }[]) =>
  events.map(({ data }) => (data?.after as { id: number } | null)?.id);

test('a start that died while its slot was being created: the next waits for it, and misses nothing', async () => {
  const other = await db.pool.connect();
  await other.query('BEGIN; INSERT INTO rows VALUES (1)');
  {
    await using first = await open();
    void first.snapshot();
    await waitFor(state, { what: 'the slot to appear' });
    expect((await state())?.confirmed).toBeNull();
  }
  // The server does not notice that its client is gone while it waits for the open transaction.
  const lanes = new Map([
    [`slot:${slot}`, null],
    ['snapshot:public.rows', null],
  ]);
  const second = open({}, lanes).then(async (driver) => {
    const rows = await driver.snapshot();
    return { driver, rows };
  });
  // Long enough for a snapshot to be taken, were it not to wait.
  const since = performance.now();
  await waitFor(() => performance.now() - since > 700, { what: 'the second start to be under way' });
  await db.query('INSERT INTO rows VALUES (2)');
  await other.query('COMMIT');
  other.release();
  const { driver, rows } = await second;
  await using _ = driver;
  const seen = new Set(ids(rows));
  await db.query('INSERT INTO rows VALUES (3)');
  while (!seen.has(3)) for (const id of ids(await driver.events(1))) seen.add(id);
  expect([...seen].sort()).toEqual([1, 2, 3]);
});

test('a slot that someone else moved on while the connection was lost is an error, not a gap', async () => {
  await using tap = await WireTap.before(db.url);
  await using driver = await open({ connection: tap.url });
  await driver.snapshot();
  const reading = driver.events(1);
  await db.query('INSERT INTO rows VALUES (1)');
  await reading;
  tap.manner = 'refuse';
  tap.cut();
  const next = driver.batch();
  const refused = expect(next).rejects.toMatchObject({ code: 'CHECKPOINT_BEHIND', retry: 'operator' });
  await waitFor(async () => (await state())?.pid === null, { what: 'the slot to be free' });
  await db.query('INSERT INTO rows VALUES (2)');
  await db.query('SELECT pg_replication_slot_advance($1, pg_current_wal_insert_lsn())', [slot]);
  await db.query('INSERT INTO rows VALUES (3)');
  tap.manner = 'carry';
  await refused;
});
