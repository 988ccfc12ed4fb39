import { conformance, countersConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { postgresCounters } from '../src/index.js';

conformance(
  countersConformance({
    name: 'Postgres',
    features: { exact: true },
    async create() {
      const database = await testDatabase({ name: 'counters' });
      return {
        counters: () => postgresCounters({ connection: database.url, schema: `it's "quoted` }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();

test('calls at the same time are one statement, and what comes meanwhile is the next one', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'gathered' });
  await counters.count('page', 'ann'); // the tables are there
  const writes = async () => {
    const [row] = await database.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
    return Number(row?.xid);
  };
  const before = await writes();
  await Promise.all(Array.from({ length: 500 }, (_, n) => counters.count('page', `m${n % 50}`)));
  expect((await writes()) - before).toBeLessThan(20);
  expect((await counters.read(['page'])).get('page')).toEqual({ total: 501, unique: 51 });
});

test('nobody reads a member out of the tables, nor whether two pages had the same visitor', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'hashed' });
  await counters.count('one', '192.0.2.1');
  await counters.count('two', '192.0.2.1');
  const rows = await database.query<{ hash: string }>(
    `SELECT encode(member_hash, 'hex') AS hash FROM hashed.counter_members`,
  );
  expect(new Set(rows.map(({ hash }) => hash)).size).toBe(2);
  expect(rows.every(({ hash }) => /^[0-9a-f]{32}$/.test(hash))).toBe(true);
});

test('with a secret of its own, two processes count the same members', async () => {
  const options = { connection: database.url, schema: 'secret', secret: 'a secret of sixteen bytes' };
  await using one = postgresCounters(options);
  await using two = postgresCounters(options);
  await one.count('page', 'ann');
  await two.count('page', 'ann');
  expect((await two.read(['page'])).get('page')).toEqual({ total: 2, unique: 1 });
});

test('calls that wait above the limit are refused, the others are counted', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'behind', maxWaiting: 10, maxRows: 3 });
  await counters.count('page', 'first');
  const outcomes = await Promise.allSettled(Array.from({ length: 15 }, (_, n) => counters.count('page', `m${n}`)));
  const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused.map(({ reason }) => reason.code)).toEqual(Array(5).fill('COUNTERS_BEHIND'));
  expect((await counters.read(['page'])).get('page')).toEqual({ total: 11, unique: 11 });
  await counters.count('page', 'later');
});

test('closing waits for the very first count, too', async () => {
  const options = { connection: database.url, schema: 'closing_first' };
  const counters = postgresCounters(options);
  await Promise.all([counters.count('k', 'm'), counters[Symbol.asyncDispose]()]);
  await using again = postgresCounters(options);
  expect(await again.read(['k'])).toEqual(new Map([['k', { total: 1, unique: 1 }]]));
});

test('closing waits for what was counted', async () => {
  const counters = postgresCounters({ connection: database.url, schema: 'closing' });
  await counters.count('page', 'first');
  const counting = Promise.all([counters.count('page', 'ann'), counters.count('page', 'ben')]);
  await Promise.resolve();
  await counters[Symbol.asyncDispose]();
  await counting;
});

test('each caller learns that its write failed, and the next write is made', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'failing' });
  await counters.count('page', 'first');
  await database.query('ALTER TABLE failing.counters ADD CONSTRAINT small CHECK (total < 3)');
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((member) => counters.count('page', member)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await database.query('ALTER TABLE failing.counters DROP CONSTRAINT small');
  await counters.count('page', 'd');
  expect((await counters.read(['page'])).get('page')).toEqual({ total: 2, unique: 2 });
});

test.each([
  ['secret', { secret: 'short' }],
  ['maxRows', { maxRows: 0 }],
  ['maxWaiting', { maxWaiting: 1.5 }],
  ['maxRow', { maxRow: 5 }],
])('an option that is wrong is named: %s', (name, options) => {
  const make = () => postgresCounters({ connection: database.url, ...options });
  expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(name) }));
});
