import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';

const database = useDatabase();

test('a table with REPLICA IDENTITY FULL and a generated column can still be updated by its owners, and the column is read', async () => {
  await database.query(
    `CREATE TABLE people (id int PRIMARY KEY, name text, upper text GENERATED ALWAYS AS (upper(name)) STORED)`,
  );
  await database.query('ALTER TABLE people REPLICA IDENTITY FULL');
  await database.query(`INSERT INTO people VALUES (1, 'ada')`);
  await using driver = await Driver.open(
    changesOf(database.url, `${database.name}_people`, { tables: ['public.people'] }),
  );
  expect((await driver.snapshot()).map(({ data }) => data?.after)).toEqual([{ id: 1, name: 'ada', upper: 'ADA' }]);
  const reading = driver.events(1);
  await database.query(`UPDATE people SET name = 'grace'`);
  expect((await reading).map(({ data }) => data)).toMatchObject([
    { op: 'update', before: { upper: 'ADA' }, after: { id: 1, name: 'grace', upper: 'GRACE' } },
  ]);
});
