import { Envelope, type EventOrigin } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Row, tableSink } from '../src/index.js';

const origin: EventOrigin = {
  source: '/test',
  type: () => 'row',
  id: (ordinal) => `${ordinal}`,
  key: (_, record) => record as string,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const event = (key: string, data: Row | null) => new Envelope<Row>(data, origin, 0, key);
const { signal } = new AbortController();
const context = { pipeline: 'p', signal, notice: () => undefined };

const database = useDatabase();

test('a connection that is lost within a write loses all of it, and the next write goes through', async () => {
  await database.query('CREATE TABLE lost (id int PRIMARY KEY)');
  const connection = { connectionString: database.url, application_name: 'doomed' };
  await using session = await tableSink({ connection, table: 'lost', key: ['id'] }).open(context);
  // The write waits for this lock, so that it is under way when its connection goes.
  const blocker = await database.pool.connect();
  await blocker.query('BEGIN; LOCK TABLE lost');
  const write = () => session.write([event('1', { id: 1 })], { checkpoints: [], attempt: 0, signal });
  const writing = write().catch((error: unknown) => error);
  await waitFor(
    () =>
      database
        .query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed' AND wait_event_type = 'Lock'`,
        )
        .then((rows) => rows.length > 0),
    { what: 'the write to wait for the lock' },
  );
  expect(await writing).toMatchObject({ code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' });
  await blocker.query('ROLLBACK');
  blocker.release();
  expect(await database.query('SELECT * FROM lost')).toEqual([]);
  await write();
  expect(await database.query('SELECT * FROM lost')).toEqual([{ id: 1 }]);
});

test('where the database does not wait for the disk, the sink does', async () => {
  await database.query(`ALTER DATABASE ${database.name} SET synchronous_commit = off`);
  await database.query(
    `CREATE TABLE durable (id int PRIMARY KEY, setting text DEFAULT current_setting('synchronous_commit'))`,
  );
  await using session = await tableSink({ connection: database.url, table: 'durable', key: ['id'] }).open(context);
  await session.write([event('1', { id: 1 })], { checkpoints: [], attempt: 0, signal });
  expect(await database.query('SELECT setting FROM durable')).toEqual([{ setting: 'on' }]);
});

test('any text and any nesting of it in an array arrive as they were', async () => {
  await database.query('CREATE TABLE texts (id int PRIMARY KEY, one text, many text[], tree jsonb)');
  await using session = await tableSink({ connection: database.url, table: 'texts', key: ['id'] }).open(context);
  // Postgres stores no NUL and no lone surrogate, in text as in jsonb.
  const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));
  const rows = fc.array(fc.record({ one: text, many: fc.array(fc.option(text)), tree: fc.dictionary(text, text) }), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(rows, async (written) => {
      await database.query('TRUNCATE texts');
      const events = written.map((row, id) => event(`${id}`, { id, ...row }));
      await session.write(events, { checkpoints: [], attempt: 0, signal });
      const found = await database.query('SELECT one, many, tree FROM texts ORDER BY id');
      expect(found).toEqual(written);
    }),
    { numRuns: 60 },
  );
});
