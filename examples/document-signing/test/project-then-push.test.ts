import { Envelope, type EventOrigin, type Sink } from '@sluice/contracts';
import { realtimeHub } from '@sluice/realtime';
import { expect, test } from 'vitest';
import type { DocumentRow, RowChange } from '../src/changes/document-row.js';
import { projectThenPush } from '../src/changes/project-then-push.js';

const origin: EventOrigin = {
  source: 'test',
  type: () => 'row',
  id: (ordinal) => String(ordinal),
  key: () => 'a',
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const row = { id: 'a', title: 'T', created_at: 'no time', updated_at: 'no time' } as DocumentRow;
const created = new Envelope<RowChange>({ before: null, after: row }, origin, 1);
const removed = new Envelope<RowChange>({ before: row, after: null }, origin, 2);
const write = { checkpoints: [], attempt: 0, signal: new AbortController().signal };

async function open(projection: (rows: readonly Envelope<DocumentRow>[]) => Promise<void>) {
  const notices: string[] = [];
  const sink: Sink<DocumentRow> = {
    name: 'rows',
    features: { delivery: 'atomic' },
    open: async () => ({ write: projection, [Symbol.asyncDispose]: async () => undefined }),
  };
  const hub = realtimeHub();
  const session = await projectThenPush(sink, hub).open({
    pipeline: 'p',
    signal: write.signal,
    notice: (message) => notices.push(message),
  });
  return { hub, session, notices };
}

test('the projection gets rows, and null for what was removed', async () => {
  const seen: (DocumentRow | null)[] = [];
  const { session } = await open(async (rows) => void seen.push(...rows.map(({ data }) => data)));
  await session.write([created, removed], write);
  expect(seen).toEqual([row, null]);
});

test('rows that are written stay written when they cannot be pushed, and somebody is told', async () => {
  const unreadable = await open(async () => undefined);
  await unreadable.session.write([created], write);
  expect(unreadable.notices).toHaveLength(1);
  const closed = await open(async () => undefined);
  await closed.hub.close();
  await closed.session.write([created], write);
  expect(closed.notices).toHaveLength(1);
});

test('a write that fails fails', async () => {
  const { session, notices } = await open(async () => {
    throw new Error('no database');
  });
  await expect(session.write([created], write)).rejects.toThrow('no database');
  expect(notices).toEqual([]);
});
