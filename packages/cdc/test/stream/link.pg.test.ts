import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, expect, test } from 'vitest';
import { changesOf, type DriveOptions, Driver } from '../support/drive.js';
import { WireTap } from '../support/wire-tap.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows; CREATE TABLE rows (id int PRIMARY KEY, text text)');
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE rows`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
});

const open = (options: Parameters<typeof changesOf>[2] = {}, drive?: DriveOptions) =>
  Driver.open(
    changesOf(db.url, slot, { publication: slot, slot: { name: slot, create: false }, snapshot: 'never', ...options }),
    drive,
  );
const reader = async () => {
  const [row] = await db.query<{ pid: number | null }>(
    'SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return row?.pid;
};
/** Pulls whatever comes, to the end. */
const toTheEnd = async (driver: Driver) => {
  while ((await driver.next()) !== undefined);
};
const passing = (ms: number) => {
  const since = performance.now();
  return waitFor(() => performance.now() - since > ms, { what: `${ms} ms to pass` });
};

test('an idle link is asked before it is taken for dead, also when the status interval is longer than the time-out', async () => {
  await using driver = await open({ linkTimeoutMs: 300, statusIntervalMs: 400 });
  const reading = driver.events(1);
  const pid = await waitFor(reader, { what: 'the slot to be held' });
  await passing(1500);
  expect(await reader()).toBe(pid);
  await db.query('INSERT INTO rows VALUES (1)');
  await reading;
  expect(await reader()).toBe(pid);
});

test('a server that does not answer START_REPLICATION is given up and tried again', async () => {
  await using tap = await WireTap.before(db.url);
  tap.muteBehind = 'START_REPLICATION';
  await using driver = await open({ connection: tap.url, linkTimeoutMs: 300 });
  const reading = driver.events(1);
  await waitFor(() => tap.connections > 2, { what: 'another attempt' });
  tap.muteBehind = undefined;
  await db.query('INSERT INTO rows VALUES (1)');
  await reading;
});

test('a session that is closed while the server is silent ends at once, and leaves no connection', async () => {
  await using tap = await WireTap.before(db.url);
  for (const command of ['START_REPLICATION', 'IDENTIFY_SYSTEM']) {
    const driver = await open({ connection: tap.url });
    const first = driver.events(1);
    await db.query('INSERT INTO rows SELECT coalesce(max(id), 0) + 1 FROM rows');
    await first;
    const reading = toTheEnd(driver);
    tap.muteBehind = command;
    tap.cut();
    const before = tap.connections;
    await waitFor(() => tap.connections > before && tap.open > 0, { what: 'a connection to be tried' });
    await passing(100);
    await driver[Symbol.asyncDispose]();
    const late = new Promise((resolve) => setTimeout(resolve, 2000, 'late'));
    expect(await Promise.race([reading, late])).toBeUndefined();
    await waitFor(() => tap.open === 0, { what: 'the connections to be closed', timeoutMs: 2000 });
    tap.muteBehind = undefined;
  }
});

test('a link that breaks each time as soon as it is there is tried less and less often, and given up', async () => {
  await using tap = await WireTap.before(db.url);
  const reconnect = { initialDelayMs: 50, maxDelayMs: 400, giveUpAfterMs: 1500 };
  await using driver = await open({ connection: tap.url, reconnect });
  const reading = toTheEnd(driver);
  let failure: unknown;
  reading.catch((error) => {
    failure = error;
  });
  await waitFor(
    async () => {
      const pid = await reader();
      if (pid) await db.query('SELECT pg_terminate_backend($1)', [pid]);
      return failure;
    },
    { what: 'the reader to give up' },
  );
  expect(failure).toMatchObject({ code: 'CDC_CONNECTION_LOST', retry: 'backoff' });
  expect(tap.connections).toBeLessThan(25);
});

test('after a long pause of the consumer the link is still the same', async () => {
  await db.query(`INSERT INTO rows SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`);
  await using driver = await open({ linkTimeoutMs: 400, statusIntervalMs: 50 }, { maxBatchBytes: 100_000 });
  let seen = (await driver.batch()).events.length;
  const pid = await reader();
  await passing(1000);
  while (seen < 20_000) {
    seen += (await driver.batch()).events.length;
    // A consumer that works without a pause gives the timers their turn before the socket.
    if (seen % 5 === 0) await new Promise((resolve) => setTimeout(resolve));
    const busy = performance.now() + 5;
    while (performance.now() < busy);
  }
  expect(await reader()).toBe(pid);
});

test('a process that was busy for longer than the time-out does not take its links for dead', async () => {
  await using driver = await open({ linkTimeoutMs: 300 });
  const reading = driver.events(1);
  const pid = await waitFor(reader, { what: 'the slot to be held' });
  await passing(200);
  for (let i = 0; i < 3; i++) {
    const busy = performance.now() + 700;
    while (performance.now() < busy);
    await passing(50);
  }
  await db.query('INSERT INTO rows VALUES (1)');
  await reading;
  expect(await reader()).toBe(pid);
});

test('a transaction of 20,000 rows in pieces of one byte, and one row larger than a piece', async () => {
  await db.query(`INSERT INTO rows SELECT i FROM generate_series(1, 20000) i`);
  await db.query(`INSERT INTO rows VALUES (0, repeat('x', 3000000))`);
  await using driver = await open({}, { maxBatchBytes: 1 });
  for (let i = 1; i <= 20_000; i++) {
    const frame = await driver.batch();
    expect(frame.events.length).toBe(1);
    expect(frame.position.within).toBe(i === 20_000 && frame.commits?.length ? 0 : i);
  }
  expect((await driver.batch()).bytes).toBeGreaterThan(3_000_000);
});

test('tables change in the middle of a transaction', async () => {
  await using driver = await open();
  const reading = driver.events(5);
  await db.query(`BEGIN; INSERT INTO rows VALUES (1, 'a'); ALTER TABLE rows ADD n int8 DEFAULT 9223372036854775807;
    INSERT INTO rows VALUES (2, 'b'); ALTER TABLE rows DROP text; SAVEPOINT s; INSERT INTO rows VALUES (9);
    ROLLBACK TO s; INSERT INTO rows VALUES (3, -9223372036854775808);
    ALTER TABLE rows ALTER n TYPE text USING n::text; INSERT INTO rows VALUES (4, 'x');
    ALTER TABLE rows RENAME n TO "__proto__"; INSERT INTO rows VALUES (5, 'y'); COMMIT`);
  const rows = (await reading).map((event) => Object.entries(event.data?.after ?? {}));
  expect(rows).toEqual([
    [
      ['id', 1],
      ['text', 'a'],
    ],
    [
      ['id', 2],
      ['text', 'b'],
      ['n', 9223372036854775807n],
    ],
    [
      ['id', 3],
      ['n', -9223372036854775808n],
    ],
    [
      ['id', 4],
      ['n', 'x'],
    ],
    [
      ['id', 5],
      ['__proto__', 'y'],
    ],
  ]);
});
