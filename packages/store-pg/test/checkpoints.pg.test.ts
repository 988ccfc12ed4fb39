import { checkpointStoreConformance, conformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { Pool } from 'pg';
import { describe, expect, test } from 'vitest';
import { type MigrateOptions, migrate, postgresCheckpoints } from '../src/index.js';

conformance(
  checkpointStoreConformance({
    name: 'Postgres',
    async create() {
      const database = await testDatabase({ name: 'checkpoints' });
      return {
        store: () => postgresCheckpoints({ connection: database.url, schema: 'with "quotes' }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();

test('two stores that save the same lanes in opposite orders never deadlock', async () => {
  await using one = postgresCheckpoints({ connection: database.url });
  await using two = postgresCheckpoints({ connection: database.url });
  const lanes = Array.from({ length: 20 }, (_, n) => `lane-${n}`);
  const writes = await Promise.all(
    lanes.map(async (lane) => {
      const { fence } = await one.acquire('p', 's', lane, 'me');
      return {
        pipeline: 'p',
        sink: 's',
        lane,
        fence,
        checkpoint: { position: { resume: 'A', within: 0 }, identity: 'i' },
      };
    }),
  );
  const opposite = writes.toReversed();
  const saves = Array.from({ length: 100 }, (_, n) => (n % 2 ? one.save(writes) : two.save(opposite)));
  expect(new Set(await Promise.all(saves))).toEqual(new Set(['saved']));
});

test('a save that races an acquire is either complete or fenced', async () => {
  await using store = postgresCheckpoints({ connection: database.url });
  for (let round = 0; round < 30; round += 1) {
    const { fence } = await store.acquire('race', 's', 'lane', 'me');
    const checkpoint = { position: { resume: `${round}`, within: 0 }, identity: 'i' };
    const [outcome] = await Promise.all([
      store.save([{ pipeline: 'race', sink: 's', lane: 'lane', fence, checkpoint }]),
      store.acquire('race', 's', 'lane', 'other'),
    ]);
    const [stored] = await store.load('race');
    expect(stored?.checkpoint?.position.resume === `${round}`).toBe(outcome === 'saved');
  }
});

test('a checkpoint of a newer format is refused, not misread', async () => {
  await using store = postgresCheckpoints({ connection: database.url });
  await store.acquire('newer', 's', 'lane', 'me');
  await database.query(`UPDATE sluice.checkpoints SET format = 9 WHERE pipeline = 'newer'`);
  await expect(store.load('newer')).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', retry: 'operator' });
});

test('a checkpoint of an older format is read as the present one, and stored so by the next save', async () => {
  await using store = postgresCheckpoints({ connection: database.url });
  const { fence } = await store.acquire('older', 's', 'lane', 'me');
  await database.query(
    `UPDATE sluice.checkpoints SET format = 0, resume = '00000000016B3748+3', within = 0, identity = 'i'
     WHERE pipeline = 'older'`,
  );
  const checkpoint = { position: { resume: '00000000016B3748', within: 3 }, identity: 'i' };
  expect(await store.load('older')).toEqual([{ sink: 's', lane: 'lane', fence, checkpoint }]);
  const next = { ...checkpoint, position: { resume: '00000000016B3749', within: 0 } };
  await store.save([{ pipeline: 'older', sink: 's', lane: 'lane', fence, checkpoint: next }]);
  expect(await store.load('older')).toEqual([{ sink: 's', lane: 'lane', fence, checkpoint: next }]);
  expect(await database.query(`SELECT format FROM sluice.checkpoints WHERE pipeline = 'older'`)).toEqual([
    { format: 1 },
  ]);
});

test('a database that cannot be reached is an error to try again, and never shows the password', async () => {
  const url = new URL(database.url);
  url.port = '1';
  await using store = postgresCheckpoints({ connection: url.href });
  const error = await store.load('p').catch((rejection: unknown) => rejection);
  expect(error).toMatchObject({ code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' });
  expect(String(error)).not.toContain(url.password);
});

test('a pool that was handed in is used, and left open', async () => {
  const pool = new Pool({ connectionString: database.url });
  const store = postgresCheckpoints({ connection: pool });
  await store.acquire('pooled', 's', 'lane', 'me');
  await store[Symbol.asyncDispose]();
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

describe('migrations', () => {
  const one = { version: 1, name: 'one', sql: (schema: string) => `CREATE TABLE ${schema}.one (n int)` };
  const two = { version: 2, name: 'two', sql: (schema: string) => `CREATE TABLE ${schema}.two (n int)` };
  const run = (options: MigrateOptions) => migrate(database.pool, options);

  test('missing steps are applied once, also by many processes at once', async () => {
    const options = { schema: 'many', migrations: [one, two] };
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => run(options)));
    expect(outcomes.flat().sort()).toEqual([1, 2]);
    expect(await run(options)).toEqual([]);
  });

  test('later steps come on top', async () => {
    await run({ schema: 'steps', migrations: [one] });
    expect(await run({ schema: 'steps', migrations: [one, two] })).toEqual([2]);
  });

  test('a database that is newer than the code is an error', async () => {
    await run({ schema: 'newer', migrations: [one, two] });
    await expect(run({ schema: 'newer', migrations: [one] })).rejects.toMatchObject({ code: 'STORE_PG_SCHEMA_NEWER' });
  });

  test('a step that was changed after it was applied is an error', async () => {
    await run({ schema: 'changed', migrations: [one] });
    const other = { ...one, sql: (schema: string) => `CREATE TABLE ${schema}.other (n int)` };
    await expect(run({ schema: 'changed', migrations: [other] })).rejects.toMatchObject({
      code: 'STORE_PG_MIGRATION_CHANGED',
    });
  });

  test('a step that fails leaves nothing', async () => {
    const bad = { version: 2, name: 'bad', sql: () => 'SELECT no_such_function()' };
    await expect(run({ schema: 'failing', migrations: [one, bad] })).rejects.toMatchObject({
      code: 'STORE_PG_REFUSED',
    });
    expect(await run({ schema: 'failing', migrations: [one] })).toEqual([1]);
  });
});
