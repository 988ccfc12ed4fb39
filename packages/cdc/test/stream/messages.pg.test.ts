import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows; CREATE TABLE rows (id int PRIMARY KEY)');
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE rows`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
});

let identity = '';
const at = (position?: { resume: string; within: number }) =>
  position && { checkpoints: new Map([[`slot:${slot}`, { position, identity }]]) };
const open = (messages: boolean, options?: Parameters<typeof Driver.open>[1]) =>
  Driver.open(
    changesOf(db.url, slot, { publication: slot, slot: { name: slot, create: false }, snapshot: 'never', messages }),
    options,
  );

test('a message outside of transactions comes once, from every position', async () => {
  await db.query(`SELECT pg_logical_emit_message(false, 'alone', 'a')`);
  await db.query('INSERT INTO rows VALUES (1), (2)');
  await db.query(`SELECT pg_logical_emit_message(false, 'alone', 'b'), pg_logical_emit_message(false, 'alone', 'c')`);
  await db.query(
    `BEGIN; INSERT INTO rows VALUES (3); SELECT pg_logical_emit_message(false, 'alone', 'd'); INSERT INTO rows VALUES (4); COMMIT`,
  );
  const all: string[] = [];
  const boundaries: { after: number; position: { resume: string; within: number } }[] = [];
  {
    await using driver = await open(true, { maxBatchBytes: 1 });
    identity = driver.session.identity;
    while (all.length < 8) {
      const frame = await driver.next();
      if (frame?.kind === 'batch') all.push(...frame.events.map((event) => event.id));
      if (frame) boundaries.push({ after: all.length, position: frame.position });
    }
  }
  expect(new Set(all).size).toBe(8);
  for (const { after, position } of boundaries.filter(({ after }) => after < 8)) {
    await using driver = await open(true, { maxBatchBytes: 1, ...at(position) });
    expect((await driver.events(8 - after)).map((event) => event.id)).toEqual(all.slice(after));
  }
});

test('whether messages are asked for changes nothing for the rows: ids, and where a restart goes on', async () => {
  await db.query(
    `BEGIN; INSERT INTO rows VALUES (1); SELECT pg_logical_emit_message(true, 'x', 'y'); INSERT INTO rows VALUES (2), (3); COMMIT`,
  );
  const rows = async (messages: boolean, options?: Parameters<typeof Driver.open>[1], wanted = 3) => {
    await using driver = await open(messages, options);
    identity = driver.session.identity;
    const found = new Map<unknown, string>();
    let position: { resume: string; within: number } | undefined;
    while (found.size < wanted) {
      const frame = await driver.batch();
      for (const event of frame.events) if (event.data?.after) found.set(event.data.after['id'], event.id);
      if (found.has(2)) position ??= frame.position;
    }
    return { found, position };
  };
  const without = await rows(false, { maxBatchBytes: 1 });
  const withThem = await rows(true, { maxBatchBytes: 1 });
  expect(withThem.found).toEqual(without.found);
  const again = await rows(true, { maxBatchBytes: 1, ...at(without.position) }, 1);
  expect([...again.found.keys()]).toEqual([3]);
  const back = await rows(false, { maxBatchBytes: 1, ...at(withThem.position) }, 1);
  expect([...back.found.keys()]).toEqual([3]);
});
