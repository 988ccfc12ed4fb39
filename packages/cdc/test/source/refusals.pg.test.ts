import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';

const database = useDatabase();
const slot = () => `${database.name}_refused`;
const source = (url = database.url) => changesOf(url, slot(), { tables: ['public.rows'] });

test('checkpoints of another cluster are refused before anything is made there, and not taken for a lost slot', async () => {
  await database.query('CREATE TABLE rows (id int PRIMARY KEY)');
  const position = { resume: '00000000000000FF', within: 0 };
  const checkpoints = new Map([[`slot:${slot()}`, { position, identity: `postgres:1:1:${slot()}` }]]);
  await expect(Driver.open(source(), { checkpoints })).rejects.toMatchObject({ code: 'CHECKPOINT_IDENTITY' });
  expect(await database.query('SELECT 1 FROM pg_publication')).toEqual([]);
});

test('a slot that another pipeline reads is said to be read, and by whom', async () => {
  await using driver = await Driver.open(source());
  const reading = driver.next();
  const streaming = () =>
    database.query<{ pid: number }>(
      `SELECT pid FROM pg_replication_slots JOIN pg_stat_replication ON pid = active_pid
       WHERE slot_name = $1 AND state IN ('catchup', 'streaming')`,
      [slot()],
    );
  const reader = await waitFor(async () => (await streaming())[0], { what: 'a reader' });
  await expect(Driver.open(source())).rejects.toMatchObject({
    code: 'CDC_CHECKPOINT_MISSING',
    message: expect.stringContaining(`server process ${reader.pid}`),
  });
  await driver[Symbol.asyncDispose]();
  await reading;
});

test('a database that does not exist is an error for a person, not one to wait out', async () => {
  const url = new URL(database.url);
  url.pathname = '/nope';
  await expect(Driver.open(source(url.href))).rejects.toMatchObject({
    code: 'CDC_DATABASE_MISSING',
    retry: 'operator',
  });
});

test('a server that cannot be reached is told by its address', async () => {
  await expect(Driver.open(source('postgres://postgres@127.0.0.1:9/x'))).rejects.toMatchObject({
    code: 'CDC_CONNECTION_LOST',
    message: expect.stringContaining('ECONNREFUSED 127.0.0.1:9'),
  });
});

test('a table that its owners could no longer update is not published', async () => {
  await database.query('CREATE TABLE keyless (n int)');
  const keyless = changesOf(database.url, `${database.name}_keyless`, { tables: ['public.keyless'] });
  await expect(Driver.open(keyless)).rejects.toMatchObject({
    code: 'CDC_REPLICA_IDENTITY_MISSING',
    details: { tables: ['public.keyless'] },
  });
  await database.query('INSERT INTO keyless VALUES (1); UPDATE keyless SET n = 2');
  await database.query('ALTER TABLE keyless REPLICA IDENTITY FULL');
  await using driver = await Driver.open(keyless);
  expect((await driver.snapshot()).map(({ data }) => data?.after)).toEqual([{ n: 2 }]);
  await database.query('UPDATE keyless SET n = 3');
});
