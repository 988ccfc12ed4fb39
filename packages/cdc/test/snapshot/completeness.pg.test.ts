import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();
let slot = '';
let count = 0;

beforeEach(async () => {
  count += 1;
  slot = `${db.name}_${count}`;
  await db.query('DROP TABLE IF EXISTS rows CASCADE');
});

test('row-level security never hides rows of the snapshot in silence', async () => {
  await db.query('CREATE TABLE rows (id int PRIMARY KEY, owner text); ALTER TABLE rows ENABLE ROW LEVEL SECURITY');
  await db.query(`CREATE POLICY mine ON rows USING (owner = 'me'); INSERT INTO rows VALUES (1, 'me'), (2, 'you')`);
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE rows`);
  const role = `${slot}_reader`;
  await db.query(`CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'reads'; GRANT SELECT ON rows TO ${role}`);
  const url = new URL(db.url);
  url.username = role;
  url.password = 'reads';
  {
    await using driver = await Driver.open(changesOf(url.href, slot, { publication: slot }));
    await expect(driver.snapshot()).rejects.toMatchObject({ code: 'CDC_PERMISSION_DENIED', retry: 'operator' });
  }
  await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test('a table without columns', async () => {
  await db.query('CREATE TABLE rows (); ALTER TABLE rows REPLICA IDENTITY FULL');
  await db.query('INSERT INTO rows DEFAULT VALUES');
  await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
  const rows = await driver.snapshot();
  const reading = driver.events(1);
  await db.query('INSERT INTO rows DEFAULT VALUES');
  expect([...rows, ...(await reading)].map((event) => event.data?.after)).toEqual([{}, {}]);
});

test('a table of 1,600 columns, some of them called as what every object has', async () => {
  const odd = ['__proto__', 'constructor', 'toString', 'a"b', "it's", 'back\\slash', 'new\nline', '2', 'ü\u2028'];
  const columns = [...odd, ...Array.from({ length: 1591 }, (_, i) => `c${i}`)];
  const quoted = columns.map((name) => `"${name.replaceAll('"', '""')}"`);
  await db.query(`CREATE TABLE rows (${quoted.map((name) => `${name} int2`).join(', ')}, PRIMARY KEY ("__proto__"))`);
  const insert = (first: number) => `INSERT INTO rows VALUES (${columns.map((_, i) => first + i).join(', ')})`;
  await db.query(insert(0));
  await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
  const rows = await driver.snapshot();
  const reading = driver.events(2);
  await db.query(insert(1));
  await db.query('DELETE FROM rows WHERE "__proto__" = 1');
  const [inserted, deleted] = await reading;
  for (const [event, first] of [
    [rows[0], 0],
    [inserted, 1],
  ] as const) {
    const entries = new Map(Object.entries(event?.data?.after ?? {}));
    expect(columns.map((name) => entries.get(name))).toEqual(columns.map((_, i) => first + i));
    expect(event?.key).toBe(String(first));
  }
  expect(Object.entries(deleted?.data?.before ?? {})).toEqual([['__proto__', 1]]);
});

test('a replica identity of several columns makes the same key in the snapshot and in the stream', async () => {
  await db.query('CREATE TABLE rows (a int NOT NULL, b int NOT NULL)');
  await db.query(
    'CREATE UNIQUE INDEX rows_identity ON rows (b, a); ALTER TABLE rows REPLICA IDENTITY USING INDEX rows_identity',
  );
  await db.query('INSERT INTO rows VALUES (1, 2)');
  await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.rows'] }));
  const [read] = await driver.snapshot();
  const reading = driver.events(1);
  await db.query('DELETE FROM rows');
  const [deleted] = await reading;
  expect(deleted?.key).toBe(read?.key);
});
