import { UNCHANGED } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/index.js';
import { changesOf, type DriveOptions, Driver } from '../support/drive.js';

const db = useDatabase();
let slot = '';
let tables = 0;

beforeEach(async () => {
  tables += 1;
  slot = `${db.name}_${tables}`;
  await db.query(`DROP TABLE IF EXISTS rows CASCADE; CREATE TABLE rows (id int PRIMARY KEY, text text)`);
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE rows`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
});

const source = (options: Parameters<typeof changesOf>[2] = {}) =>
  changesOf(db.url, slot, { publication: slot, slot: { name: slot, create: false }, snapshot: 'never', ...options });
const open = (options?: Parameters<typeof changesOf>[2], drive?: DriveOptions) => Driver.open(source(options), drive);
const ids = (events: readonly { data: Change | null }[]) =>
  events.map(({ data }) => (data?.after as { id: number } | null)?.id);
const slotState = async () => {
  const [row] = await db.query<{ confirmed: string; pid: number | null }>(
    `SELECT confirmed_flush_lsn - '0/0' AS confirmed, active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return { confirmed: Number(row?.confirmed), pid: row?.pid };
};

describe('what is told', () => {
  test('an update that leaves a TOAST value alone says UNCHANGED', async () => {
    await db.query('ALTER TABLE rows ALTER text SET STORAGE EXTERNAL, ADD n int');
    await db.query(`INSERT INTO rows VALUES (1, repeat('x', 10000), 1)`);
    await db.query('UPDATE rows SET n = 2');
    await using driver = await open();
    const [, updated] = await driver.events(2);
    expect(updated?.data).toMatchObject({ op: 'update', before: null, after: { id: 1, text: UNCHANGED, n: 2 } });
  });

  test('with REPLICA IDENTITY FULL nothing is unchanged, and the whole old row is there', async () => {
    await db.query('ALTER TABLE rows REPLICA IDENTITY FULL, ALTER text SET STORAGE EXTERNAL, ADD n int');
    await db.query(`INSERT INTO rows VALUES (1, repeat('x', 10000), 1)`);
    await db.query('UPDATE rows SET n = 2');
    await using driver = await open();
    const [inserted, updated] = await driver.events(2);
    const text = 'x'.repeat(10_000);
    expect(updated?.data).toMatchObject({ before: { id: 1, text, n: 1 }, after: { id: 1, text, n: 2 } });
    expect([inserted?.key, updated?.key]).toEqual(['1', '1']);
  });

  test('the key of several columns is in the order of the primary key', async () => {
    await db.query('DROP TABLE rows CASCADE; CREATE TABLE rows (a int, b text, c int, PRIMARY KEY (c, a))');
    await db.query(`ALTER PUBLICATION ${slot} ADD TABLE rows`);
    await db.query(`INSERT INTO rows VALUES (1, 'x', 2); DELETE FROM rows`);
    await using driver = await open();
    expect((await driver.events(2)).map((event) => event.key)).toEqual(['["2","1"]', '["2","1"]']);
  });

  test('truncate, messages, and nothing of a rollback', async () => {
    await db.query(`INSERT INTO rows VALUES (1)`);
    await db.query(`BEGIN; INSERT INTO rows VALUES (2); ROLLBACK`);
    await db.query(
      `BEGIN; SAVEPOINT a; INSERT INTO rows VALUES (3); ROLLBACK TO a; INSERT INTO rows VALUES (4); COMMIT`,
    );
    await db.query(`TRUNCATE rows`);
    await db.query(`SELECT pg_logical_emit_message(true, 'mine', 'hello')`);
    await db.query(`SELECT pg_logical_emit_message(false, 'alone', 'hello')`);
    await using driver = await open({ messages: true });
    const events = await driver.events(5);
    expect(events.map((event) => event.type)).toEqual([
      'public.rows.insert',
      'public.rows.insert',
      'public.rows.truncate',
      'message.mine',
      'message.alone',
    ]);
    expect(ids(events.slice(0, 2))).toEqual([1, 4]);
  });

  test('a column that is added while we read', async () => {
    await using driver = await open();
    const reading = driver.events(2);
    await db.query(`INSERT INTO rows VALUES (1, 'a')`);
    await db.query(`ALTER TABLE rows ADD extra int DEFAULT 7`);
    await db.query(`INSERT INTO rows VALUES (2, 'b')`);
    expect((await reading).map((event) => event.data?.after)).toEqual([
      { id: 1, text: 'a' },
      { id: 2, text: 'b', extra: 7 },
    ]);
  });
});

describe('starting again', () => {
  test('from every batch boundary, also within transactions: no event is lost, none comes twice', async () => {
    for (let i = 0; i < 6; i++) {
      await db.query('INSERT INTO rows SELECT i, repeat($3, 30) FROM generate_series($1::int, $2::int) i', [
        i * 10,
        i * 10 + 9,
        'x',
      ]);
    }
    await using first = await open({}, { maxBatchBytes: 600 });
    const all: string[] = [];
    const boundaries: { after: number; checkpoint: { resume: string; within: number } }[] = [];
    while (all.length < 60) {
      const frame = await first.next();
      if (frame?.kind === 'batch') all.push(...frame.events.map((event) => event.id));
      if (frame) boundaries.push({ after: all.length, checkpoint: frame.position });
    }
    await first[Symbol.asyncDispose]();
    expect(boundaries.length).toBeGreaterThan(12);
    for (const { after, checkpoint } of boundaries.filter(({ after }) => after < 60)) {
      const checkpoints = new Map([[`slot:${slot}`, { position: checkpoint, identity: first.session.identity }]]);
      await using again = await open({}, { checkpoints });
      const events = await again.events(60 - after);
      expect(events.map((event) => event.id)).toEqual(all.slice(after));
    }
  });

  test('adjacent commits: what follows a confirmed commit is not skipped', async () => {
    await db.query(`DO $$ BEGIN FOR i IN 1..50 LOOP INSERT INTO rows VALUES (i); COMMIT; END LOOP; END $$`);
    for (let from = 0; from < 50; from++) {
      await using driver = await open({}, { maxBatchBytes: 1 });
      const frame = await driver.batch();
      expect(ids(frame.events)).toEqual([from + 1]);
      // The end of the commit is told in a frame of its own, for the batch ended before it.
      const progress = frame.position.within === 0 ? frame : await driver.next();
      await driver.stream.confirm(progress?.position ?? frame.position);
      await driver[Symbol.asyncDispose]();
      await waitFor(async () => (await slotState()).pid === null, { what: 'the slot to be free' });
    }
  });

  test('a connection that is cut is made again where it was, in the middle of a transaction too', async () => {
    await db.query('INSERT INTO rows SELECT i, repeat($1, 100) FROM generate_series(1, 3000) i', ['x']);
    await using driver = await open({}, { maxBatchBytes: 5000 });
    const seen: (number | undefined)[] = [];
    for (let cuts = 0; seen.length < 3000; ) {
      seen.push(...ids((await driver.batch()).events));
      if (cuts < 4 && seen.length > cuts * 700 + 100) {
        cuts += 1;
        const { pid } = await slotState();
        await db.query('SELECT pg_terminate_backend($1)', [pid]);
      }
    }
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1));
    await db.query('INSERT INTO rows VALUES (3001)');
    expect(ids(await driver.events(1))).toEqual([3001]);
  });
});

describe('what the server is told', () => {
  test('exactly what was confirmed, never what was merely received', async () => {
    await db.query('INSERT INTO rows VALUES (1)');
    await db.query('INSERT INTO rows VALUES (2)');
    const before = (await slotState()).confirmed;
    await using driver = await open({}, { maxBatchBytes: 1 });
    await driver.batch();
    const second = await driver.batch();
    // The second commit is still open for us: its event is one of `within`.
    expect(second.position.within).toBe(1);
    const { pid } = await slotState();
    await waitFor(
      async () => {
        const [row] = await db.query<{ n: boolean }>(
          `SELECT reply_time > now() - interval '5 s' AND flush_lsn IS NOT NULL AS n FROM pg_stat_replication WHERE pid = $1`,
          [pid],
        );
        return row?.n;
      },
      { what: 'a status update' },
    );
    expect((await slotState()).confirmed).toBe(before);
    await driver.stream.confirm(second.position);
    await waitFor(async () => (await slotState()).confirmed === Number.parseInt(second.position.resume, 16), {
      what: 'the exact end of the first commit to be confirmed',
    });
  });

  test('while idle the position moves on, through progress frames', async () => {
    await using driver = await open();
    await db.query('CREATE TABLE IF NOT EXISTS elsewhere (a int)');
    await db.query('INSERT INTO elsewhere SELECT generate_series(1, 1000)');
    const head = (await driver.session.head()).get(`slot:${slot}`)?.resume ?? '';
    for (;;) {
      const frame = await driver.next();
      if (frame === undefined) throw new Error('ended');
      await driver.stream.confirm(frame.position);
      if (frame.position.resume >= head) break;
    }
    const target = Number.parseInt(head, 16);
    await waitFor(async () => (await slotState()).confirmed >= target, { what: 'the slot to let go of the WAL' });
  });

  test('a reader that nobody pulls keeps its connection beyond wal_sender_timeout', async () => {
    await db.query('INSERT INTO rows SELECT i, repeat($1, 1000) FROM generate_series(1, 20000) i', ['x']);
    const connection = { connectionString: db.url, options: '-c wal_sender_timeout=1s' };
    await using driver = await open({ connection, statusIntervalMs: 10_000 }, { maxBatchBytes: 10_000 });
    let count = (await driver.batch()).events.length;
    const { pid } = await slotState();
    const since = performance.now();
    await waitFor(() => performance.now() - since > 3000, { what: 'three time-outs to pass' });
    while (count < 20_000) count += (await driver.batch()).events.length;
    expect((await slotState()).pid).toBe(pid);
  });
});

describe('what cannot go on says so', () => {
  test('a slot that another reader holds', async () => {
    await using holder = await open();
    const waiting = holder.events(1);
    await waitFor(async () => (await slotState()).pid, { what: 'the slot to be held' });
    const reconnect = { initialDelayMs: 20, maxDelayMs: 50, giveUpAfterMs: 300 };
    await using second = await open({ reconnect });
    await expect(second.next()).rejects.toMatchObject({ code: 'CDC_SLOT_ACTIVE', retry: 'backoff' });
    expect(second.notices).toEqual([
      `slot ${slot} can't be read for now (CDC_SLOT_ACTIVE); tried again for up to 0.3 s`,
    ]);
    await db.query('INSERT INTO rows VALUES (1)');
    expect(ids(await waiting)).toEqual([1]);
  });

  test('a slot that is dropped meanwhile', async () => {
    await using driver = await open();
    const reading = expect(driver.next()).rejects.toMatchObject({ code: 'CDC_SLOT_MISSING', retry: 'operator' });
    await waitFor(async () => (await slotState()).pid, { what: 'the slot to be held' });
    await db.query('SELECT pg_terminate_backend($1)', [(await slotState()).pid]);
    // The reader comes back at once; whoever is first has it.
    await waitFor(() => db.query('SELECT pg_drop_replication_slot($1)', [slot]).catch(() => terminate()), {
      what: 'the slot to be dropped',
    });
    await reading;
  });

  test('a change that is larger than maxMessageBytes', async () => {
    await db.query(`INSERT INTO rows VALUES (1, repeat('x', 5000))`);
    await using driver = await open({ maxMessageBytes: 2000 });
    await expect(driver.batch()).rejects.toMatchObject({ code: 'CDC_MESSAGE_TOO_LARGE' });
  });

  test('a publication that is dropped meanwhile', async () => {
    await using driver = await open();
    const reading = driver.events(1);
    await waitFor(async () => (await slotState()).pid, { what: 'the slot to be held' });
    // In one piece, so that the error comes right behind an event.
    await db.query(
      `INSERT INTO rows VALUES (1); COMMIT; DROP PUBLICATION ${slot}; COMMIT; INSERT INTO rows VALUES (2)`,
    );
    expect(ids(await reading)).toEqual([1]);
    await expect(driver.batch()).rejects.toMatchObject({ code: 'CDC_PUBLICATION_MISSING', retry: 'operator' });
  });

  const terminate = async () => {
    const { pid } = await slotState();
    if (pid) await db.query('SELECT pg_terminate_backend($1)', [pid]);
  };
});

test('a transaction of many rows comes in bounded pieces, with its boundaries kept', async () => {
  await db.query(`INSERT INTO rows SELECT i, repeat('x', 200) FROM generate_series(1, 50000) i`);
  await db.query('INSERT INTO rows VALUES (0)');
  await using driver = await open({}, { maxBatchBytes: 100_000 });
  const commits: number[] = [];
  let count = 0;
  while (count < 50_001) {
    const frame = await driver.batch();
    expect(frame.bytes).toBeLessThanOrEqual(100_000);
    commits.push(...(frame.commits ?? []).map((index) => count + index));
    count += frame.events.length;
  }
  expect(count).toBe(50_001);
  // Unless the piece ended exactly there, the last row of the first transaction is marked; that of the second always is.
  expect(commits.every((index) => index >= 49_999)).toBe(true);
});
