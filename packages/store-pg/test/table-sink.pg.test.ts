import { Envelope, type EventOrigin, isBatchError, UNCHANGED } from '@sluice/contracts';
import { conformance, sinkConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { postgresCheckpoints, type Row, type TableSinkOptions, tableSink } from '../src/index.js';

const origin: EventOrigin = {
  source: '/test',
  type: () => 'row',
  id: (ordinal) => `${ordinal}`,
  key: (_, record) => (record as { key: string | undefined }).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const event = (key: string | undefined, data: Row | null, ordinal = 0) =>
  new Envelope<Row>(data, origin, ordinal, { key });

conformance(
  sinkConformance<Row>({
    name: 'Postgres table',
    features: { delivery: 'atomic', maxEvents: 5_000 },
    keeps: 'latest',
    poisonable: true,
    async create() {
      const database = await testDatabase({ name: 'table_sink' });
      await database.query('CREATE TABLE "Things" (id text PRIMARY KEY, value varchar(200) NOT NULL)');
      return {
        sink: () => tableSink({ connection: database.url, table: 'public.Things', key: ['id'] }),
        event: ({ key, value }, version) => event(key, value === null ? null : { id: key, value }, Number(version)),
        poison: (key, version) => event(key, { id: key, value: 'x'.repeat(201) }, Number(version)),
        read: () => database.query<{ key: string; value: string }>('SELECT id AS key, value FROM "Things" ORDER BY id'),
        checkpoints: () => postgresCheckpoints({ connection: database.url }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();

async function written(table: string, events: Envelope<Row>[], more: Partial<TableSinkOptions> = {}): Promise<Row[]> {
  const { signal } = new AbortController();
  const sink = tableSink({ connection: database.url, table, key: ['id'], ...more });
  await using session = await sink.open({ pipeline: 'p', signal, notice: () => undefined });
  await session.write(events, { checkpoints: [], attempt: 0, signal });
  return database.query(`SELECT * FROM ${table} ORDER BY 1, 2`);
}

test('every type arrives as it was', async () => {
  const values: [type: string, value: unknown, expected: string][] = [
    ['int8', 2n ** 63n - 1n, '9223372036854775807'],
    ['numeric', '123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
    ['numeric', 'NaN', 'NaN'],
    ['float8', Number.NaN, 'NaN'],
    ['float8', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['float8', -0, '-0'],
    ['bool', true, 'true'],
    ['text', 'NULL {"quoted\\"} \u{1F600} \uFEFF', 'NULL {"quoted\\"} \u{1F600} \uFEFF'],
    ['char(5)', 'ab', 'ab   '],
    ['"char"', 'x', 'x'],
    ['bytea', new Uint8Array([0, 255, 92, 34]), '\\x00ff5c22'],
    ['timestamptz', '2024-02-29 23:59:59.123456+00', '2024-02-29 23:59:59.123456+00'],
    ['timestamptz', new Date('2024-02-29T23:59:59.123Z'), '2024-02-29 23:59:59.123+00'],
    ['timestamp', 'infinity', 'infinity'],
    ['interval', '1 year 2 mons 3 days 04:05:06.789', '1 year 2 mons 3 days 04:05:06.789'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567-e89b-12d3-a456-426614174000'],
    ['jsonb', { a: [1, null, 'x'], b: 'y' }, '{"a": [1, null, "x"], "b": "y"}'],
    ['jsonb', 'text', '"text"'],
    ['jsonb', [1, [2]], '[1, [2]]'],
    ['json', { toPostgres: () => '{"n": 12345678901234567890}' }, '{"n": 12345678901234567890}'],
    [
      'int4[]',
      [
        [1, 2],
        [3, null],
      ],
      '{{1,2},{3,NULL}}',
    ],
    ['int4[]', '[0:1]={7,8}', '[0:1]={7,8}'],
    ['text[]', ['a"b', 'c\\d', 'NULL', '', null, '{}'], '{"a\\"b","c\\\\d","NULL","",NULL,"{}"}'],
    ['bytea[]', [new Uint8Array([1, 2])], '{"\\\\x0102"}'],
    ['jsonb[]', [{ a: 1 }, [2]], '{"{\\"a\\": 1}",[2]}'],
    ['text[]', [], '{}'],
    ['box[]', ['(2,2),(1,1)', '(4,4),(3,3)'], '{(2,2),(1,1);(4,4),(3,3)}'],
    ['int4range', '[1,5)', '[1,5)'],
    ['bit(3)', '101', '101'],
    ['inet', '10.0.0.1/8', '10.0.0.1/8'],
    ['text', null, null as unknown as string],
  ];
  const columns = values.map(([type], at) => `c${at} ${type}`);
  await database.query(`CREATE TABLE kinds (id int PRIMARY KEY, ${columns.join(', ')})`);
  const row = { id: 1, ...Object.fromEntries(values.map(([, value], at) => [`c${at}`, value])) };
  await written('public.kinds', [event('1', row)]);
  const [texts] = await database.query(`SELECT ${values.map((_, at) => `c${at}::text`).join(', ')} FROM kinds`);
  // A cast to text drops the padding of char(n).
  const found = values.map(([type], at) => (type === 'char(5)' ? texts?.[`c${at}`].padEnd(5) : texts?.[`c${at}`]));
  expect(found).toEqual(values.map(([, , expected]) => expected));
});

test('an unchanged column stays as it is, also a NOT NULL one, in whatever order changes come', async () => {
  await database.query('CREATE TABLE documents (id int PRIMARY KEY, title text NOT NULL, body text NOT NULL)');
  const rows = await written('public.documents', [
    event('1', { id: 1, title: 'a', body: 'long' }),
    event('2', { id: 2, title: 'b', body: 'long' }),
  ]);
  expect(rows).toHaveLength(2);
  const changed = await written('public.documents', [
    event('1', { id: 1, title: 'c', body: UNCHANGED }),
    event('2', { id: 2, title: UNCHANGED, body: 'short' }),
    event('2', { id: 2, title: 'd', body: UNCHANGED }),
    event('3', { id: 3, title: 'e', body: 'new' }),
    event('3', { id: 3, title: 'f', body: UNCHANGED }),
  ]);
  expect(changed).toEqual([
    { id: 1, title: 'c', body: 'long' },
    { id: 2, title: 'd', body: 'short' },
    { id: 3, title: 'f', body: 'new' },
  ]);
});

test('a key of several columns deletes and writes the row that it names', async () => {
  await database.query('CREATE TABLE pairs (tenant int8, name text, value int, PRIMARY KEY (tenant, name))');
  const row = (tenant: bigint, name: string, value: number) =>
    event(JSON.stringify([`${tenant}`, name]), { tenant, name, value });
  const rows = await written(
    'public.pairs',
    [row(1n, 'a', 1), row(1n, 'b', 2), row(2n, 'a', 3), event('["1","a"]', null), row(2n, 'a', 4)],
    { key: ['tenant', 'name'] },
  );
  expect(rows).toEqual([
    { tenant: '1', name: 'b', value: 2 },
    { tenant: '2', name: 'a', value: 4 },
  ]);
});

test('a row that is deleted and made again has nothing of the old one', async () => {
  await database.query(`CREATE TABLE remade (id int PRIMARY KEY, a text, b text DEFAULT 'fresh')`);
  const rows = await written('public.remade', [
    event('1', { id: 1, a: 'old', b: 'old' }),
    event('1', null),
    event('1', { id: 1, a: 'new' }),
  ]);
  expect(rows).toEqual([{ id: 1, a: 'new', b: 'fresh' }]);
});

test('keys that events and rows spell differently are still told apart in order', async () => {
  await database.query('CREATE TABLE amounts (id numeric PRIMARY KEY, value text)');
  const rows = await written('public.amounts', [
    event('1.0', { id: '1.00', value: 'a' }),
    event('1.0', null),
    event('2.0', null),
    event('2.0', { id: '2', value: 'b' }),
  ]);
  expect(rows).toEqual([{ id: '2', value: 'b' }]);
});

test('a unique value that moves from one row to another within a write is no conflict', async () => {
  await database.query('CREATE TABLE accounts (id int PRIMARY KEY, email text UNIQUE)');
  const rows = await written('public.accounts', [
    event('1', { id: 1, email: 'x' }),
    event('2', { id: 2, email: 'y' }),
    event('1', { id: 1, email: 'z' }),
    event('2', { id: 2, email: 'x' }),
    event('1', { id: 1, email: 'y' }),
  ]);
  expect(rows).toEqual([
    { id: 1, email: 'y' },
    { id: 2, email: 'x' },
  ]);
});

test('what the table computes is left to it; identities are written as they came', async () => {
  await database.query(`CREATE TABLE computed (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)`);
  const rows = await written('public.computed', [
    event('7', { id: 7, n: 1, twice: 99 }),
    event('7', { id: 7, n: 3, twice: 99 }),
  ]);
  expect(rows).toEqual([{ id: 7, n: 3, twice: 6 }]);
});

test('with `columns`, others are left out', async () => {
  await database.query('CREATE TABLE slim (id int PRIMARY KEY, a int)');
  const rows = await written('public.slim', [event('1', { id: 1, a: 2, unknown: 3 })], { columns: ['a'] });
  expect(rows).toEqual([{ id: 1, a: 2 }]);
});

describe('refused by name', () => {
  test('a column that the table lacks', async () => {
    await database.query('CREATE TABLE narrow (id int PRIMARY KEY)');
    const writing = written('public.narrow', [event('1', { id: 1, extra: 1 })]);
    await expect(writing).rejects.toMatchObject({
      code: 'STORE_PG_COLUMN_UNKNOWN',
      retry: 'operator',
      details: { column: 'extra' },
    });
  });

  test('a table that is not there', async () => {
    await expect(written('public.absent', [])).rejects.toMatchObject({ code: 'STORE_PG_TABLE_UNKNOWN' });
  });

  test('a key without a unique index', async () => {
    await database.query('CREATE TABLE heap (id int)');
    await expect(written('public.heap', [])).rejects.toMatchObject({ code: 'STORE_PG_KEY_NOT_UNIQUE' });
  });

  test('events without a key, by index, and the value is not shown', async () => {
    await database.query('CREATE TABLE strict (id int PRIMARY KEY, n int CHECK (n < 10))');
    const writing = written('public.strict', [
      event('1', { id: 1, n: 1 }),
      event(undefined, null),
      event('2', { n: 1 }),
      event('3', { id: 3, n: 'secret' }),
      event('4', { id: 4, n: 4711 }),
    ]);
    const error: unknown = await writing.catch((rejection: unknown) => rejection);
    const failures = isBatchError(error) ? [...error.failures] : [];
    expect(failures.map(([index, { code }]) => [index, code]).sort()).toEqual([
      [1, 'STORE_PG_KEY_MISSING'],
      [2, 'STORE_PG_KEY_MISSING'],
      [3, 'STORE_PG_DATA_REFUSED'],
      [4, 'STORE_PG_DATA_REFUSED'],
    ]);
    const shown = failures.map(([, failure]) => `${failure.stack} ${JSON.stringify(failure)}`).join();
    expect(shown).not.toMatch(/secret|4711/);
    expect(await database.query('SELECT * FROM strict')).toEqual([]);
  });

  test.each([
    [{ key: [] }, /key/],
    [{ table: '' }, /table/],
    [{ maxEvents: 0 }, /maxEvents/],
    [{ connection: '' }, /connection/],
  ])('options %j', (options, message) => {
    expect(() => tableSink({ connection: 'postgres://x', table: 't', key: ['id'], ...options })).toThrow(message);
  });
});
