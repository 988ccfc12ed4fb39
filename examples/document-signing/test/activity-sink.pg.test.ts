import { randomUUID } from 'node:crypto';
import { Envelope } from '@sluice/contracts';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { openPool } from '../src/database/pool.js';
import { activityOf } from '../src/realtime/activity.js';
import { ActivityTable } from '../src/realtime/activity-table.js';
import type { DocumentRow, RowChange } from '../src/realtime/row-change.js';
import { follow, startRealtime, tokenFor } from './support/realtime.js';

const database = useDatabase();
const signal = new AbortController().signal;
const context = { checkpoints: [], attempt: 0, signal };

const row: DocumentRow = {
  id: randomUUID(),
  title: 'Lease',
  content_type: 'text/plain',
  content_size: 4,
  status: 'created',
  created_by: 'ada@example.com',
  created_at: '2026-01-31 12:00:00.5+00',
  updated_at: '2026-01-31 12:00:00.5+00',
  version: 1,
};

/** The n-th change of the row: its title is `T<n>`. */
function change(n: number): Envelope<RowChange> {
  const before = { ...row, title: `T${n - 1}`, version: n };
  const after = { ...row, title: `T${n}`, version: n + 1 };
  return new Envelope<RowChange>(
    { op: 'update', table: 'documents.documents', before, after },
    {
      source: 'test',
      type: () => 'update',
      id: () => `0/${n}`,
      key: () => row.id,
      time: () => new Date('2026-02-01T00:00:00Z'),
      version: () => ({ epoch: 'e', value: BigInt(n) }),
      headers: () => ({}),
    },
    n,
  );
}

async function openSink() {
  const { service, url, pool } = await startRealtime(database.url);
  const session = await service.sink.open({ pipeline: 'by hand', signal, notice: () => undefined });
  onTestFinished(() => session[Symbol.asyncDispose]());
  const client = await follow(url, `/ws/${row.id}`, await tokenFor());
  await client.seen(1);
  const titles = () => client.events().map(({ data }) => data.title);
  return { session, pool, client, titles };
}

test('what is delivered again adds nothing, in the same write and in another, and is not pushed again', async () => {
  const { session, pool, client, titles } = await openSink();
  await session.write([change(1), change(2), change(1)], context);
  await session.write([change(1), change(2)], context);
  await session.write([change(2), change(3)], context);
  await client.seen(4);
  expect(titles()).toEqual(['T1', 'T2', 'T3']);
  const { rows } = await pool.query(
    `SELECT seq::int AS seq, (SELECT head::int FROM realtime.history) AS head FROM realtime.events WHERE document_id = $1 ORDER BY seq`,
    [row.id],
  );
  const first = rows[0].seq;
  expect(rows.map(({ seq }) => seq)).toEqual([first, first + 1, first + 2]);
  expect(rows[0].head).toBe(first + 2);
});

test('what was written by a write whose answer was lost is pushed before what follows', async () => {
  const { session, client, titles } = await openSink();
  // As that write leaves it: it is in the table, and nobody was told.
  const pool = openPool(database.url);
  onTestFinished(() => pool.end());
  const activities = [change(11), change(12)].map((event) => activityOf(event) ?? expect.fail('an activity'));
  await new ActivityTable(pool).append(activities, []);
  await session.write([change(13)], context);
  await client.seen(4);
  expect(titles()).toEqual(['T11', 'T12', 'T13']);
});

test('a write that is fenced off writes nothing', async () => {
  const { session, pool } = await openSink();
  const count = async () => (await pool.query('SELECT count(*)::int AS count FROM realtime.events')).rows[0].count;
  const before = await count();
  const { fence } = (await session.checkpoints?.acquire('by hand', 'activity', 'lane', 'me')) ?? expect.fail('a fence');
  await session.checkpoints?.acquire('by hand', 'activity', 'lane', 'another');
  const checkpoint = { position: { resume: '0/1', within: 0 }, identity: 'i' };
  const checkpoints = [{ pipeline: 'by hand', sink: 'activity', lane: 'lane', fence, checkpoint }];
  await expect(session.write([change(21)], { ...context, checkpoints })).rejects.toMatchObject({
    code: 'CHECKPOINT_FENCED',
  });
  expect(await count()).toBe(before);
});

test('changes that are nobody’s news are passed over', () => {
  const event = change(1);
  const of = (data: RowChange | null) => activityOf(event.with(data));
  expect(of(null)).toBeUndefined();
  expect(of({ op: 'truncate', table: 'documents.documents', before: null, after: null })).toBeUndefined();
  expect(of({ op: 'insert', table: 'other.table', before: null, after: { id: '1' } })).toBeUndefined();
  expect(of({ op: 'delete', table: 'signatures.signatures', before: { id: '1' }, after: null })).toBeUndefined();
});
