import { type Envelope, SUPERSEDED } from '@sluice/contracts';
import { expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Change, postgresChanges, rowEvents } from '../../src/index.js';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();
let slot = '';
let count = 0;

/** Rows whose body is stored outside of them, so that no update sends it. */
beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS notes, copies CASCADE; DROP SCHEMA IF EXISTS sluice CASCADE');
  await db.query('CREATE TABLE notes (id int PRIMARY KEY, n int, body text)');
  await db.query('ALTER TABLE notes ALTER body SET STORAGE EXTERNAL');
  await db.query('CREATE TABLE copies (LIKE notes INCLUDING ALL)');
  await db.query(`INSERT INTO notes SELECT i, 0, repeat(i::text, 5000) FROM generate_series(1, 9) i`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE notes`);
});

/** Each in a transaction, after the slot was made and before the snapshot is taken. */
async function change(...statements: string[]): Promise<void> {
  for (const statement of statements) await db.query(statement);
}

const source = () =>
  postgresChanges({ connection: db.url, tables: ['public.notes'], slot: { name: slot, create: false } });

/** Every event in a write of its own. */
const copy = () =>
  pipeline('copy', { maxBatchBytes: 1 })
    .from(source())
    .pipe(expandEvents(rowEvents()))
    .to(tableSink({ connection: db.url, table: 'public.copies', key: ['id'], maxEvents: 1 }));

async function expectEqual(): Promise<void> {
  const [there, here] = [await db.query('TABLE notes ORDER BY id'), await db.query('TABLE copies ORDER BY id')];
  expect(here).toEqual(there);
}

describe('what the stream repeats of a snapshot that is newer than its slot', () => {
  test.each<[string, string[]]>([
    ['changed, then deleted', ['UPDATE notes SET n = 1 WHERE id = 1', 'DELETE FROM notes WHERE id = 1']],
    [
      'changed, then given another key',
      ['UPDATE notes SET n = 1 WHERE id = 1', 'UPDATE notes SET id = 11 WHERE id = 1'],
    ],
    ['given two keys', ['UPDATE notes SET id = 11 WHERE id = 1', 'UPDATE notes SET id = 21, n = 2 WHERE id = 11']],
    ['given another key, then deleted', ['UPDATE notes SET id = 11 WHERE id = 1', 'DELETE FROM notes WHERE id = 11']],
  ])('a row that was %s', async (_, statements) => {
    await change(...statements, 'UPDATE notes SET n = 3 WHERE id = 5');
    await using running = copy();
    const run = running.run();
    await Promise.race([running.caughtUp({ timeoutMs: 20_000 }), run]);
    await expectEqual();
    await change('UPDATE notes SET n = 4 WHERE id = 6', 'UPDATE notes SET id = 17 WHERE id = 7');
    await Promise.race([running.caughtUp({ timeoutMs: 20_000 }), run]);
    await expectEqual();
    await running.drain();
    await run;
  });

  test('never passes over a row that the snapshot had and the repetition took away', async () => {
    await change('DELETE FROM notes WHERE id = 1', 'UPDATE notes SET id = 1 WHERE id = 2');
    await using running = copy();
    await expect(running.run()).rejects.toMatchObject({ cause: { code: 'STORE_PG_ROW_MISSING' } });
  });
});

test('a row that is missing for another reason stops the pipeline as ever', async () => {
  await using running = copy();
  const run = running.run();
  const ended = expect(run).rejects.toMatchObject({ cause: { code: 'STORE_PG_ROW_MISSING' } });
  await Promise.race([running.caughtUp({ timeoutMs: 20_000 }), run]);
  await db.query('DELETE FROM copies WHERE id = 5');
  await db.query('UPDATE notes SET n = 1 WHERE id = 5');
  await ended;
});

describe('the mark', () => {
  const tables = { tables: ['public.notes'] as const };
  const marks = (events: readonly Envelope<Change>[]) => events.map(({ headers }) => headers[SUPERSEDED]);

  test('stands on what was committed before the snapshot, beside the headers that a transaction has', async () => {
    await change(
      `BEGIN; SELECT pg_logical_emit_message(true, 'sluice.context', '{"user": "u"}'); UPDATE notes SET n = 1 WHERE id < 3; COMMIT`,
    );
    const adopted = changesOf(db.url, slot, { ...tables, slot: { name: slot, create: false } });
    await using driver = await Driver.open(adopted);
    expect(marks(await driver.snapshot())).toEqual(Array(9).fill(undefined));
    const repeated = await driver.events(2);
    expect(repeated.map(({ headers }) => headers)).toEqual(Array(2).fill({ user: 'u', [SUPERSEDED]: 'true' }));
    await change('UPDATE notes SET n = 1 WHERE id = 3');
    expect((await driver.events(1)).map(({ headers }) => headers)).toEqual([{}]);
  });

  test('stands on what is repeated after a first start that died during its snapshot', async () => {
    await change('UPDATE notes SET n = 1 WHERE id = 1');
    const checkpoints = new Map([
      ['snapshot:public.notes', null],
      [`slot:${slot}`, null],
    ]);
    await using driver = await Driver.open(changesOf(db.url, slot, tables), { checkpoints });
    await driver.snapshot();
    expect(marks(await driver.events(1))).toEqual(['true']);
  });

  test('stands on nothing where the slot was made with the snapshot', async () => {
    const fresh = `${slot}_fresh`;
    await using driver = await Driver.open(changesOf(db.url, fresh, tables));
    await driver.snapshot();
    const reading = driver.events(1);
    await change('UPDATE notes SET n = 1 WHERE id = 1');
    expect(marks(await reading)).toEqual([undefined]);
  });
});
