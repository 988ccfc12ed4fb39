import { waitFor } from '@sluice/testkit';
import { testDatabase } from '@sluice/testkit/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Orders } from './fixtures/instance.js';
import { InstanceProcesses } from './support/instance-process.js';

/** How long the process stays frozen after the other one has moved on. 60,000 is what operators see; a condition is enough. */
const FROZEN_MS = Number(process.env['SLUICE_FREEZE_MS'] ?? 0);
const timeoutMs = 60_000;

let processes: InstanceProcesses;
beforeAll(async () => {
  processes = await InstanceProcesses.build();
});
afterAll(() => processes[Symbol.asyncDispose]());

/** A log in two lanes, the row that each entry sets, and a history of what the rows were. */
async function service() {
  const database = await testDatabase({ name: 'frozen' });
  const { query } = database;
  await query(`
    CREATE TABLE log (lane text, n int, id int, PRIMARY KEY (lane, n));
    CREATE TABLE target (id int PRIMARY KEY, n int NOT NULL);
    CREATE TABLE history (at bigint GENERATED ALWAYS AS IDENTITY, id int, n int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO history (id, n) VALUES (NEW.id, NEW.n); RETURN NEW; END $$;
    CREATE TRIGGER note AFTER INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION note()`);
  let count = 0;
  return {
    ...database,
    /** 50 entries more in each lane; resolves once the rows are as they say, or `other` entries have come through. */
    async append() {
      await query(
        `INSERT INTO log SELECT lane, n, place * 5 + n % 5 FROM generate_series($1::int, $2::int) n,
          (VALUES ('x', 0), ('y', 1)) lanes (lane, place)`,
        [count, count + 49],
      );
      count += 50;
    },
    /** Waits until each row has the value of its last entry. */
    async caughtUp() {
      await waitFor(async () => (await query(BEHIND)).length === 0, { what: 'the rows to follow the log', timeoutMs });
    },
    behind: () => query(BEHIND),
    /** Ends all instances, then the database. */
    async end() {
      processes.killAll();
      await database.drop();
    },
    /** Rows that went back to an older value. */
    wentBack: () =>
      query(
        'SELECT * FROM (SELECT id, n, lag(n) OVER (PARTITION BY id ORDER BY at) AS before FROM history) h WHERE n < before',
      ),
  };
}

const BEHIND = `SELECT id, want.n FROM (SELECT id, max(n) AS n FROM log GROUP BY id) want
  LEFT JOIN target USING (id) WHERE target.n IS DISTINCT FROM want.n`;

/** One instance is frozen in a write, another takes over and moves on; then the first one wakes up, and its write goes on. */
async function freezeInAWrite(sink: Orders['sink'], share: Orders['share']) {
  const db = await service();
  const orders: Orders = { url: db.url, sink, share, ttlMs: 2_000 };
  await db.append();
  const frozen = processes.start({ ...orders, holdAt: 20 });
  await frozen.says('holds');
  frozen.freeze();
  const other = processes.start(orders);
  await db.caughtUp();
  await db.append();
  await db.caughtUp();
  await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
  const before = (await db.wentBack()).length;
  frozen.thaw();
  frozen.goOn();
  const late = await frozen.says('late');
  return { db, frozen, other, late, before };
}

const limit = { timeout: 180_000 + FROZEN_MS };

for (const share of ['source', 'lanes'] as const) {
  test(
    `a process that was frozen in a write of an atomic sink changes nothing when it wakes, and serves again (${share})`,
    limit,
    async () => {
      const { db, frozen, other, late } = await freezeInAWrite('table', share);
      expect(late).toBe('CHECKPOINT_FENCED');
      expect([await db.behind(), await db.wentBack()]).toEqual([[], []]);
      await db.append();
      await db.caughtUp();
      other.kill();
      await db.append();
      await db.caughtUp();
      expect(await db.wentBack()).toEqual([]);
      expect(frozen.said.filter(({ failed }) => failed)).toEqual([]);
      await db.end();
    },
  );
}

test('a process that was frozen in a write of a versioned sink changes nothing when it wakes', limit, async () => {
  const { db, frozen, other, late } = await freezeInAWrite('idempotent', 'lanes');
  expect(late).toBe('written');
  expect([await db.behind(), await db.wentBack()]).toEqual([[], []]);
  other.kill();
  await db.append();
  await db.caughtUp();
  expect(await db.wentBack()).toEqual([]);
  expect(frozen.said.filter(({ failed }) => failed)).toEqual([]);
  await db.end();
});

test(
  'with a plain sink the late write happens: nothing else of the process does, and nothing is lost',
  limit,
  async () => {
    const { db, frozen, other, late, before } = await freezeInAWrite('plain', 'source');
    expect(late).toBe('written');
    // What it had handed to its sink alone: of each of the two lanes one write, of five entries.
    const setBack = (await db.wentBack()).length - before;
    expect(setBack).toBeGreaterThan(0);
    expect(setBack).toBeLessThanOrEqual(10);
    await db.append();
    await db.caughtUp();
    other.kill();
    await db.append();
    await db.caughtUp();
    expect(frozen.said.filter(({ failed }) => failed)).toEqual([]);
    await db.end();
  },
);

test(
  'a process that was frozen within a transaction holds nobody up for long, and its transaction is taken back',
  limit,
  async () => {
    const db = await service();
    await db.query(`
    CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END $$;
    CREATE TRIGGER halt BEFORE INSERT OR UPDATE ON target FOR EACH ROW WHEN (NEW.n = 49) EXECUTE FUNCTION halt()`);
    const client = await db.pool.connect();
    try {
      await client.query('SELECT pg_advisory_lock(42)');
      await db.append();
      const orders: Orders = { url: db.url, sink: 'table', share: 'source', ttlMs: 2_000 };
      const frozen = processes.start(orders);
      const halted = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted`;
      await waitFor(async () => (await db.query(halted)).length > 0, { what: 'a write to halt', timeoutMs });
      frozen.freeze();
      processes.start(orders);
      await client.query('SELECT pg_advisory_unlock(42)');
      await db.caughtUp();
      await db.append();
      await db.caughtUp();
      frozen.thaw();
      await frozen.says('notice');
      await db.append();
      await db.caughtUp();
      expect(await db.wentBack()).toEqual([]);
    } finally {
      client.release(true);
    }
    await db.end();
  },
);
