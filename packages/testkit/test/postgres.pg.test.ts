import { expect, test } from 'vitest';
import { testDatabase } from '../src/postgres/index.js';
import { useDatabase } from '../src/vitest/index.js';

const database = useDatabase();

test('each test file has a database of its own on a server ready for logical replication', async () => {
  const [row] = await database.query(`SELECT current_database() AS name, current_setting('wal_level') AS wal`);
  expect(row).toEqual({ name: database.name, wal: 'logical' });
  expect(database.name).toMatch(/^postgres_/);
});

test('dropping a database ends its sessions and takes its replication slots away', async () => {
  const doomed = await testDatabase({ name: 'doomed' });
  await doomed.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [`slot_${doomed.name}`]);
  const open = await doomed.pool.connect();
  const ended = new Promise<Error>((resolve) => open.once('error', resolve));
  await Promise.all([doomed.drop(), ended.then(() => open.release(true))]);
  const left = await database.query(
    'SELECT datname FROM pg_database WHERE datname = $1 UNION ALL SELECT slot_name FROM pg_replication_slots WHERE database = $1',
    [doomed.name],
  );
  expect(left).toEqual([]);
});
