import { Envelope, type EventOrigin, isBatchError, SUPERSEDED, UNCHANGED } from '@sluice/contracts';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Row, type TableSinkOptions, tableSink } from '../src/index.js';

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
const row = (id: number, title: unknown, body: unknown) => event(`${id}`, { id, title, body });
/** What an update that changes the key becomes. */
const moved = (from: string, to: string, data: Row) => [
  event(from, null),
  event(to, null).with<Row>(data, { previousKey: from }),
];
const rekeyed = (from: number, id: number, title: unknown, body: unknown) =>
  moved(`${from}`, `${id}`, { id, title, body });

const database = useDatabase();
const { signal } = new AbortController();

beforeEach(async () => {
  await database.query('DROP TABLE IF EXISTS documents');
  await database.query('CREATE TABLE documents (id int PRIMARY KEY, title text, body text)');
  await database.query(`INSERT INTO documents VALUES (1, 'a', 'long 1'), (2, 'b', 'long 2')`);
});

async function write(events: Envelope<Row>[], more: Partial<TableSinkOptions> = {}): Promise<void> {
  const sink = tableSink({ connection: database.url, table: 'public.documents', key: ['id'], ...more });
  await using session = await sink.open({ pipeline: 'p', signal, notice: () => undefined });
  await session.write(events, { checkpoints: [], attempt: 0, signal });
}
const stands = () => database.query('SELECT * FROM documents ORDER BY 1, 2');
const failuresOf = (writing: Promise<void>) =>
  writing.then(
    () => 'written',
    (error: unknown) => (isBatchError(error) ? [...error.failures].map(([index, { code }]) => [index, code]) : error),
  );

describe('a row whose key changes keeps the value that the change left alone', () => {
  test('where nothing else happens', async () => {
    await write(rekeyed(1, 9, 'c', UNCHANGED));
    expect(await stands()).toEqual([
      { id: 2, title: 'b', body: 'long 2' },
      { id: 9, title: 'c', body: 'long 1' },
    ]);
  });

  test('where the row was made, changed and moved on in the same write, and its old keys are taken again', async () => {
    await write([
      row(5, 'made', 'long 5'),
      row(5, 'changed', UNCHANGED),
      ...rekeyed(5, 6, UNCHANGED, UNCHANGED),
      ...rekeyed(6, 7, 'moved', UNCHANGED),
      row(7, 'again', UNCHANGED),
      row(5, 'other', 'new'),
      ...rekeyed(2, 6, 'two', UNCHANGED),
      ...rekeyed(1, 2, 'one', UNCHANGED),
      event('6', null),
    ]);
    expect(await stands()).toEqual([
      { id: 2, title: 'one', body: 'long 1' },
      { id: 5, title: 'other', body: 'new' },
      { id: 7, title: 'again', body: 'long 5' },
    ]);
  });

  test('where keys are swapped by way of a third, next to a move that has all values', async () => {
    await write([
      ...rekeyed(1, 3, UNCHANGED, UNCHANGED),
      ...rekeyed(2, 1, UNCHANGED, UNCHANGED),
      ...rekeyed(3, 2, UNCHANGED, UNCHANGED),
      ...rekeyed(2, 4, 'all', 'known'),
    ]);
    expect(await stands()).toEqual([
      { id: 1, title: 'b', body: 'long 2' },
      { id: 4, title: 'all', body: 'known' },
    ]);
  });

  test('where the target has it under the new key already', async () => {
    await write(rekeyed(7, 1, 'c', UNCHANGED));
    expect((await stands())[0]).toEqual({ id: 1, title: 'c', body: 'long 1' });
  });

  test('where the target has a row under either key, as after a snapshot that is newer than the change', async () => {
    await write([...rekeyed(1, 2, 'c', UNCHANGED)]);
    expect(await stands()).toEqual([{ id: 2, title: 'c', body: 'long 2' }]);
    await database.query(`INSERT INTO documents VALUES (3, 'c', 'long 3'), (4, 'd', 'long 4')`);
    await write([...rekeyed(3, 4, 'e', UNCHANGED), ...rekeyed(2, 5, 'f', UNCHANGED)]);
    expect(await stands()).toEqual([
      { id: 4, title: 'e', body: 'long 4' },
      { id: 5, title: 'f', body: 'long 2' },
    ]);
  });

  test('where the new key is another spelling of the old one', async () => {
    await database.query('ALTER TABLE documents ALTER id TYPE numeric');
    await write(moved('1', '1.00', { id: '1.00', title: 'c', body: UNCHANGED }));
    expect((await stands())[0]).toEqual({ id: '1.00', title: 'c', body: 'long 1' });
  });

  test('where another event of the write is found out by going one by one', async () => {
    await database.query('ALTER TABLE documents ADD CONSTRAINT titles UNIQUE (title)');
    await write([
      row(2, 'x', UNCHANGED),
      ...rekeyed(1, 9, 'b', UNCHANGED),
      row(2, 'a', UNCHANGED),
      row(9, 'y', UNCHANGED),
    ]);
    expect(await stands()).toEqual([
      { id: 2, title: 'a', body: 'long 2' },
      { id: 9, title: 'y', body: 'long 1' },
    ]);
  });

  test('where the key has several columns, and one of them was left alone', async () => {
    await database.query('DROP TABLE documents');
    await database.query('CREATE TABLE documents (tenant int, name text, body text, PRIMARY KEY (tenant, name))');
    await database.query(`INSERT INTO documents VALUES (1, 'a', 'long')`);
    const data = { tenant: 2, name: UNCHANGED, body: UNCHANGED };
    await write(moved('["1","a"]', '["2","a"]', data), { key: ['tenant', 'name'] });
    expect(await stands()).toEqual([{ tenant: 2, name: 'a', body: 'long' }]);
  });

  test('and takes nothing from a row that no event deletes', async () => {
    const stray = event('9', { id: 9, title: 'c', body: UNCHANGED }).with<Row>(
      { id: 9, title: 'c', body: UNCHANGED },
      { previousKey: '1' },
    );
    expect(await failuresOf(write([stray]))).toEqual([[0, 'STORE_PG_ROW_MISSING']]);
    expect(await stands()).toHaveLength(2);
  });
});

describe('a change that left a value alone, of a row that is not there, is an error, not a row with a hole', () => {
  const before = [
    { id: 1, title: 'a', body: 'long 1' },
    { id: 2, title: 'b', body: 'long 2' },
  ];
  test.each<[string, Envelope<Row>[], number[]]>([
    ['never there', [row(1, 'x', UNCHANGED), row(3, 'x', UNCHANGED), row(4, 'x', 'all')], [1]],
    ['deleted in the same write', [event('1', null), row(1, 'x', UNCHANGED), row(2, 'x', UNCHANGED)], [1]],
    ['changed twice', [row(3, 'x', UNCHANGED), row(3, 'y', UNCHANGED)], [0, 1]],
    ['complete only later', [row(3, 'x', UNCHANGED), row(3, 'y', 'all')], [0]],
    ['moved away in the same write', [...rekeyed(1, 3, 'x', UNCHANGED), row(1, 'y', UNCHANGED)], [2]],
    ['under neither key', [...rekeyed(3, 4, 'x', UNCHANGED), row(2, 'x', UNCHANGED)], [1]],
    ['nothing known but the key', [row(1, UNCHANGED, UNCHANGED), row(3, UNCHANGED, UNCHANGED)], [1]],
  ])('%s', async (_, events, missing) => {
    expect(await failuresOf(write(events))).toEqual(missing.map((index) => [index, 'STORE_PG_ROW_MISSING']));
    expect(await stands()).toEqual(before);
  });

  test('it is not tried again, and says nothing of the values', async () => {
    const error: unknown = await write([row(4711, 'secret', UNCHANGED)]).catch((rejection: unknown) => rejection);
    const failure = isBatchError(error) ? error.failures.get(0) : undefined;
    expect(failure).toMatchObject({ code: 'STORE_PG_ROW_MISSING', retry: 'never', details: { columns: ['id'] } });
    expect(`${failure?.stack} ${JSON.stringify(failure)}`).not.toMatch(/secret|4711/);
  });
});

describe('a change that the snapshot may contain already, of a row that is not there, is let go', () => {
  const repeated = (events: Envelope<Row>[]) =>
    events.map((one) => one.with(one.data, { headers: { [SUPERSEDED]: 'true' } }));

  test('and the rest of the write is done', async () => {
    await write([
      ...repeated([row(3, 'x', UNCHANGED), ...rekeyed(4, 5, 'x', UNCHANGED), row(1, 'x', UNCHANGED)]),
      ...repeated([row(6, 'x', UNCHANGED), row(6, 'y', 'all'), ...rekeyed(2, 7, 'z', UNCHANGED)]),
    ]);
    expect(await stands()).toEqual([
      { id: 1, title: 'x', body: 'long 1' },
      { id: 6, title: 'y', body: 'all' },
      { id: 7, title: 'z', body: 'long 2' },
    ]);
  });

  test('and no other event is, nor another fault', async () => {
    const events = [...repeated([row(3, 'x', UNCHANGED), row(1, '\0', UNCHANGED)]), row(4, 'x', UNCHANGED)];
    const [taken] = repeated([row(5, 'x', UNCHANGED)]);
    const back = taken?.with(taken.data, { headers: { [SUPERSEDED]: 'false' } });
    const failures = await failuresOf(write([...events, ...(back ? [back] : [])]));
    expect(failures).toEqual([
      [1, 'STORE_PG_DATA_REFUSED'],
      [2, 'STORE_PG_ROW_MISSING'],
      [3, 'STORE_PG_ROW_MISSING'],
    ]);
  });
});

test('a row made and changed in one write is complete', async () => {
  await write([
    row(3, 'a', 'long 3'),
    row(3, 'b', UNCHANGED),
    event('1', null),
    row(1, 'c', 'new'),
    row(1, 'd', UNCHANGED),
  ]);
  expect(await stands()).toEqual([
    { id: 1, title: 'd', body: 'new' },
    { id: 2, title: 'b', body: 'long 2' },
    { id: 3, title: 'b', body: 'long 3' },
  ]);
});

test('a row that a trigger of the table keeps from being rewritten is there', async () => {
  await database.query(`CREATE TRIGGER same BEFORE UPDATE ON documents
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`);
  await write([row(1, 'a', UNCHANGED), row(2, 'c', UNCHANGED)]);
  expect((await stands())[1]).toEqual({ id: 2, title: 'c', body: 'long 2' });
});

test('a value left alone in a column that the table computes, or that is not written, leaves no hole', async () => {
  await database.query('ALTER TABLE documents ADD twice text GENERATED ALWAYS AS (title || title) STORED');
  await write([event('3', { id: 3, title: 'c', twice: UNCHANGED, body: UNCHANGED })], { columns: ['title', 'twice'] });
  expect((await stands())[2]).toEqual({ id: 3, title: 'c', body: null, twice: 'cc' });
});
