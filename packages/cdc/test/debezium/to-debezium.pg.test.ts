import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Envelope } from '@sluice/contracts';
import { expandEvents, memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/debezium/source-json.js';
import { type DebeziumOptions, type DebeziumValue, postgresChanges, table, toDebezium } from '../../src/index.js';

const db = useDatabase();

/** What a pipeline makes of `setup`, then of each of `steps`, which are transactions. */
async function records(name: string, setup: string, steps: string[], options: Partial<DebeziumOptions> = {}) {
  await db.query(setup);
  const source = postgresChanges({
    connection: db.url,
    tables: [table<{ id: unknown }>()(`public.${name}`)],
    slot: `${db.name}_${name}`,
  });
  const sink = memorySink<Uint8Array>();
  await using running = pipeline(name)
    .from(source)
    .pipe(expandEvents(toDebezium({ name: 'shop', now: () => 1_700_000_000_123, ...options })))
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  for (const step of ['', ...steps]) {
    if (step) await db.query(step);
    await Promise.race([running.caughtUp({ timeoutMs: 60_000 }), ended]);
  }
  await running.drain();
  await ended;
  return sink.events;
}

const envelopeIn = ({ data }: Envelope<Uint8Array>) =>
  data === null ? null : (JSON.parse(Buffer.from(data).toString()) as DebeziumValue);
const short = (event: Envelope<Uint8Array>) => {
  const value = envelopeIn(event);
  return [event.key, value && [value.op, value.before, value.after]];
};

test('rows that were there, inserts, updates and deletes come as Debezium writes them', async () => {
  const events = await records(
    'documents',
    `CREATE TABLE documents (id int PRIMARY KEY, title text NOT NULL, created_at timestamptz, big bigint);
     ALTER TABLE documents REPLICA IDENTITY FULL;
     INSERT INTO documents VALUES (1, 'old', '2024-02-29 12:00:00.5+00', 9007199254740993)`,
    [
      `INSERT INTO documents VALUES (2, 'new', NULL, 1)`,
      `UPDATE documents SET title = 'newer' WHERE id = 2; UPDATE documents SET big = 3 WHERE id = 2`,
      `DELETE FROM documents WHERE id = 1`,
    ],
  );
  const one = { id: 1, title: 'old', created_at: '2024-02-29T12:00:00.5Z', big: 9007199254740992 };
  const two = { id: 2, title: 'new', created_at: null, big: 1 };
  expect(events.map(short)).toEqual([
    ['{"id":1}', ['r', null, one]],
    ['{"id":2}', ['c', null, two]],
    ['{"id":2}', ['u', two, { ...two, title: 'newer' }]],
    ['{"id":2}', ['u', { ...two, title: 'newer' }, { ...two, title: 'newer', big: 3 }]],
    ['{"id":1}', ['d', one, null]],
    ['{"id":1}', null],
  ]);
  expect(Buffer.from(events[0]?.data ?? []).toString()).toContain('"big":9007199254740993');
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);

  const [read, created, updated, updatedAgain] = events.map((event) => envelopeIn(event) as DebeziumValue);
  const names = ['before', 'after', 'source', 'transaction', 'op', 'ts_ms', 'ts_us', 'ts_ns'];
  expect(Object.keys(read ?? {})).toEqual(names);
  expect(read).toMatchObject({ transaction: null, ts_ms: 1_700_000_000_123, ts_us: 1_700_000_000_123_000 });
  expect(Object.keys(created?.source ?? {})).toEqual([
    'version',
    'connector',
    'name',
    'ts_ms',
    'snapshot',
    'db',
    'sequence',
    'ts_us',
    'ts_ns',
    'schema',
    'table',
    'txId',
    'lsn',
    'xmin',
  ]);
  const where = {
    connector: 'postgresql',
    name: 'shop',
    db: db.name,
    schema: 'public',
    table: 'documents',
    xmin: null,
  };
  expect(read?.source).toMatchObject({ ...where, snapshot: 'true', txId: null, lsn: expect.any(Number) });
  expect(created?.source).toMatchObject({ ...where, snapshot: 'false', txId: expect.any(Number) });
  const { lsn = 0, ts_ms = 0 } = created?.source ?? {};
  expect(lsn).toBeGreaterThan(0);
  expect(Math.abs(ts_ms - Date.now())).toBeLessThan(600_000);
  // Two changes of one transaction.
  expect(updated?.source.lsn).toBe(updatedAgain?.source.lsn);
  expect(updated?.source.txId).toBe(updatedAgain?.source.txId);
  expect([updated, updatedAgain].map((value) => JSON.parse(value?.source.sequence ?? '[]'))).toEqual([
    [String(updated?.source.lsn), '0'],
    [String(updated?.source.lsn), '1'],
  ]);
}, 120_000);

test('a row under another key is deleted and created; without a full identity the old row is its key', async () => {
  const events = await records('parts', 'CREATE TABLE parts (b text, a int, note text, PRIMARY KEY (a, b))', [
    `INSERT INTO parts VALUES ('x', 1, 'n')`,
    'UPDATE parts SET a = 2',
    `UPDATE parts SET note = 'm'`,
    'DELETE FROM parts',
  ]);
  const none = { b: 'x', note: null };
  expect(events.map(short)).toEqual([
    ['{"a":1,"b":"x"}', ['c', null, { b: 'x', a: 1, note: 'n' }]],
    ['{"a":1,"b":"x"}', ['d', { ...none, a: 1 }, null]],
    ['{"a":1,"b":"x"}', null],
    ['{"a":2,"b":"x"}', ['c', null, { b: 'x', a: 2, note: 'n' }]],
    ['{"a":2,"b":"x"}', ['u', null, { b: 'x', a: 2, note: 'm' }]],
    ['{"a":2,"b":"x"}', ['d', { ...none, a: 2 }, null]],
    ['{"a":2,"b":"x"}', null],
  ]);
  expect(events[1]?.headers).toMatchObject({ '__debezium.newkey': '{"a":2,"b":"x"}' });
  expect(events[3]?.headers).toMatchObject({ '__debezium.oldkey': '{"a":1,"b":"x"}' });
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
}, 120_000);

test('a large value that an update left alone is taken from the old row, or has the placeholder', async () => {
  const large = `(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n)`;
  for (const identity of ['FULL', 'DEFAULT']) {
    const name = `large_${identity.toLowerCase()}`;
    const events = await records(
      name,
      `CREATE TABLE ${name} (id int PRIMARY KEY, n int, body text);
       ALTER TABLE ${name} ALTER body SET STORAGE EXTERNAL; ALTER TABLE ${name} REPLICA IDENTITY ${identity};
       INSERT INTO ${name} VALUES (1, 1, ${large})`,
      [`UPDATE ${name} SET n = 2`],
    );
    const body = envelopeIn(events[0] as Envelope<Uint8Array>)?.after?.['body'];
    expect(String(body)).toHaveLength(32_000);
    const expected = identity === 'FULL' ? body : '__debezium_unavailable_value';
    expect(envelopeIn(events[1] as Envelope<Uint8Array>)?.after).toEqual({ id: 1, n: 2, body: expected });
  }
}, 120_000);

test('a truncate fails, is left out, or is an event; tombstones can be left out', async () => {
  const setup = (name: string) => `CREATE TABLE ${name} (id int PRIMARY KEY); INSERT INTO ${name} VALUES (1)`;
  const steps = (name: string) => [`DELETE FROM ${name}`, `TRUNCATE ${name}`];
  await expect(records('cut_a', setup('cut_a'), steps('cut_a'))).rejects.toMatchObject({
    cause: { code: 'CDC_TRUNCATE' },
  });
  const skipped = await records('cut_b', setup('cut_b'), steps('cut_b'), { truncate: 'skip', tombstones: false });
  expect(skipped.map((event) => envelopeIn(event)?.op)).toEqual(['r', 'd']);
  const told = await records('cut_c', setup('cut_c'), steps('cut_c'), { truncate: 'event' });
  expect(short(told.at(-1) as Envelope<Uint8Array>)).toEqual([undefined, ['t', null, null]]);
}, 120_000);

test('the version is that of the package; options are checked', async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(VERSION).toBe(version);
  expect(() => toDebezium({ name: '' })).toThrow(/name/);
  expect(() => toDebezium({ name: 'x', truncate: 'no' as never })).toThrow(/truncate/);
  expect(() => toDebezium({ name: 'x', prefix: 'y' } as never)).toThrow(/prefix/);
});
