import { UNCHANGED } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { rowEvents } from '../../src/index.js';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows, others CASCADE');
  await db.query('CREATE TABLE rows (id int PRIMARY KEY, n int); CREATE TABLE others (id int PRIMARY KEY)');
});

const lane = () => `slot:${slot}`;
const names = (driver: Driver) => driver.lanes.map((reader) => reader.lane);

describe('the handover', () => {
  test('under writes all the time there is neither a gap nor a repetition', async () => {
    await db.query('INSERT INTO rows SELECT i, 0 FROM generate_series(1, 2000) i');
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        await db.query('UPDATE rows SET n = n + 1 WHERE id % 100 = $1', [i % 100]);
        await db.query('INSERT INTO rows VALUES ($1, 0)', [10_000 + i]);
        if (i % 3 === 0) await db.query('DELETE FROM rows WHERE id = $1', [10_000 + i - 1]);
      }
    })();
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }), {
      maxBatchBytes: 20_000,
    });
    const state = new Map<string, number>();
    for (const event of await driver.snapshot()) state.set(event.key ?? '', event.data?.after?.['n'] as number);
    const toRows = rowEvents();
    const apply = async (target: string) => {
      for (;;) {
        const frame = await driver.next();
        if (frame?.kind === 'batch') {
          for (const event of frame.events) {
            const change = event.data;
            // A gap or a repetition would show as a step other than one.
            if (change?.op === 'update') expect(change.after['n']).toBe((state.get(event.key ?? '') ?? -9) + 1);
            if (change?.op === 'insert') expect(state.has(event.key ?? '')).toBe(false);
            if (change?.op === 'delete') expect(state.has(event.key ?? '')).toBe(true);
            for (const row of toRows(change, event)) {
              if (row.data === null) state.delete(row.key ?? '');
              else state.set(row.key ?? '', (row.data as { n: number }).n);
            }
          }
        }
        if (frame && frame.position.resume >= target) return;
      }
    };
    const head = async () => (await driver.session.head()).get(lane())?.resume ?? '';
    await apply(await head());
    writing = false;
    await writer;
    await apply(await head());
    const rows = await db.query<{ id: number; n: number }>('SELECT id, n FROM rows');
    expect(new Map([...state].sort())).toEqual(new Map(rows.map((row) => [String(row.id), row.n] as const).sort()));
    expect(rows.length).toBeGreaterThan(2000);
  });

  test('the stream is newer than any row of the snapshot', async () => {
    await db.query('INSERT INTO rows VALUES (1, 0)');
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
    const [read] = await driver.snapshot();
    const reading = driver.events(1);
    await db.query('UPDATE rows SET n = 1');
    const [updated] = await reading;
    expect(updated?.version.epoch).toBe(read?.version.epoch);
    expect(updated?.version.value).toBeGreaterThan(read?.version.value ?? 0n);
  });

  test('each table has a lane, and the stream waits for all of them', async () => {
    await db.query('INSERT INTO rows VALUES (1, 0); INSERT INTO others VALUES (7)');
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows', 'public.others'] }));
    expect(names(driver)).toEqual([lane(), 'snapshot:public.others', 'snapshot:public.rows']);
    expect(driver.stream.after).toEqual(['snapshot:public.others', 'snapshot:public.rows']);
    expect(driver.stream.start).toBeUndefined();
    expect((await driver.snapshot()).map((event) => event.data?.table)).toEqual(['public.others', 'public.rows']);
    expect(driver.stream.start?.within).toBe(0);
  });

  test('column lists and row filters of the publication hold for the snapshot too', async () => {
    await db.query('INSERT INTO rows VALUES (1, 1), (2, 20)');
    await db.query(`CREATE PUBLICATION ${slot} FOR TABLE rows (id) WHERE (id > 1)`);
    await using driver = await Driver.open(changesOf(db.url, slot, { publication: slot }));
    expect((await driver.snapshot()).map((event) => event.data?.after)).toEqual([{ id: 2 }]);
  });

  test('a partitioned table is one table', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS parts (id int PRIMARY KEY) PARTITION BY RANGE (id)');
    await db.query('CREATE TABLE IF NOT EXISTS parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100)');
    await db.query('INSERT INTO parts VALUES (1)');
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.parts'] }));
    const rows = await driver.snapshot();
    const reading = driver.events(1);
    await db.query('INSERT INTO parts VALUES (2)');
    const events = [...rows, ...(await reading)];
    expect(events.map((event) => [event.type, event.key])).toEqual([
      ['public.parts.read', '1'],
      ['public.parts.insert', '2'],
    ]);
  });

  test('names that need quoting', async () => {
    const name = `odd "name'; x`;
    const quoted = name.replaceAll('"', '""');
    await db.query(`CREATE TABLE IF NOT EXISTS "${quoted}" ("a""b" int PRIMARY KEY)`);
    await db.query(`INSERT INTO "${quoted}" VALUES (1)`);
    const publication = `pub "x'`;
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: [`public.${name}`], publication }));
    const rows = await driver.snapshot();
    const reading = driver.events(1);
    await db.query(`INSERT INTO "${quoted}" VALUES (2)`);
    expect([...rows, ...(await reading)].map((event) => event.data?.after)).toEqual([{ 'a"b': 1 }, { 'a"b': 2 }]);
  });

  test('whom the creation of the slot waits for is said', async () => {
    const other = await db.pool.connect();
    await other.query('BEGIN; INSERT INTO rows VALUES (1, 1)');
    await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
    const reading = driver.snapshot();
    await waitFor(() => driver.notices.length > 0, { what: 'a notice' });
    expect(driver.notices[0]).toMatch(/slot .* waits for 1 open transactions to end \(pids \d+\)/);
    await other.query('COMMIT');
    other.release();
    expect((await reading).length).toBe(1);
  });
});

describe('a second start', () => {
  const tables = { tables: ['public.rows'] as const };
  const slots = () => db.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [slot]);
  const free = () =>
    waitFor(
      async () =>
        (await db.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND NOT active', [slot])).length,
      { what: 'the slot to be free' },
    );

  test('after a death during the snapshot: the slot is kept, the snapshot taken again, and all converges', async () => {
    await db.query('INSERT INTO rows SELECT i, 0 FROM generate_series(1, 10) i');
    {
      await using driver = await Driver.open(changesOf(db.url, slot, tables), { maxBatchBytes: 200 });
      await driver.next(driver.lanes[1]);
    }
    await free();
    await db.query(
      'UPDATE rows SET n = 1 WHERE id = 5; DELETE FROM rows WHERE id = 6; INSERT INTO rows VALUES (11, 0)',
    );
    const checkpoints = new Map([
      ['snapshot:public.rows', null],
      [lane(), null],
    ]);
    await using driver = await Driver.open(changesOf(db.url, slot, tables), { checkpoints });
    const state = new Map<string, unknown>();
    for (const event of await driver.snapshot()) state.set(event.key ?? '', event.data?.after?.['n']);
    const repeated = await driver.events(3);
    const toRows = rowEvents();
    for (const event of repeated.flatMap((event) => toRows(event.data, event))) {
      if (event.data === null) state.delete(event.key ?? '');
      else state.set(event.key ?? '', (event.data as { n: unknown }).n);
    }
    const rows = await db.query<{ id: number; n: number }>('SELECT id, n FROM rows');
    expect(new Map([...state].sort())).toEqual(new Map(rows.map((row) => [String(row.id), row.n] as const).sort()));
    expect((await slots()).length).toBe(1);
  });

  test('a slot without checkpoints is refused, unless it was made for us', async () => {
    await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    await expect(Driver.open(changesOf(db.url, slot, tables))).rejects.toMatchObject({
      code: 'CDC_CHECKPOINT_MISSING',
      retry: 'operator',
    });
    const adopted = changesOf(db.url, slot, { ...tables, slot: { name: slot, create: false } });
    await using driver = await Driver.open(adopted);
    expect(names(driver)).toEqual([lane(), 'snapshot:public.rows']);
  });

  test('a checkpoint without its slot is refused, and no slot is made', async () => {
    const position = { resume: '0000000000000001', within: 0 };
    const [cluster] = await db.query<{ id: string }>(
      `SELECT 'postgres:' || system_identifier || ':' || timeline_id AS id FROM pg_control_system(), pg_control_checkpoint()`,
    );
    const checkpoints = new Map([[lane(), { position, identity: `${cluster?.id}:${slot}` }]]);
    await expect(Driver.open(changesOf(db.url, slot, tables), { checkpoints })).rejects.toMatchObject({
      code: 'CDC_SLOT_MISSING',
    });
    expect(await slots()).toEqual([]);
  });

  test('tables that were added are in the publication, tables that were left out are not', async () => {
    await using first = await Driver.open(changesOf(db.url, slot, tables));
    await first[Symbol.asyncDispose]();
    await using second = await Driver.open(changesOf(db.url, slot, { tables: ['public.others'] }));
    expect(names(second)).toEqual([lane(), 'snapshot:public.others']);
  });

  test("someone else's publication is left alone", async () => {
    await db.query(`CREATE PUBLICATION ${slot} FOR TABLE others`);
    await expect(Driver.open(changesOf(db.url, slot, tables))).rejects.toMatchObject({
      code: 'CDC_PUBLICATION_MISMATCH',
    });
  });

  test('a temporary slot is gone with its connection', async () => {
    await db.query('INSERT INTO rows VALUES (1, 0)');
    const temporary = changesOf(db.url, slot, { ...tables, slot: { name: slot, temporary: true } });
    for (let start = 0; start < 2; start++) {
      await using driver = await Driver.open(temporary);
      expect((await driver.snapshot()).length).toBe(1);
      const reading = driver.events(1);
      await db.query('UPDATE rows SET n = n + 1');
      expect((await reading)[0]?.data?.after).toEqual({ id: 1, n: start + 1 });
      await driver[Symbol.asyncDispose]();
      await waitFor(async () => (await slots()).length === 0, { what: 'the slot to be gone' });
    }
  });
});

test('UNCHANGED never comes from a snapshot', async () => {
  await db.query('ALTER TABLE rows ADD big text; ALTER TABLE rows ALTER big SET STORAGE EXTERNAL');
  await db.query(`INSERT INTO rows VALUES (1, 0, repeat('x', 100000))`);
  await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
  const [read] = await driver.snapshot();
  expect(read?.data?.after?.['big']).not.toBe(UNCHANGED);
  expect(read?.data?.after?.['big']).toHaveLength(100_000);
});
