import type { ChangeOf } from '@sluice/cdc';
import { type MemorySink, memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { postgresLog } from '@sluice/store-pg';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeAll, expect, test } from 'vitest';
import type { CHANGED_TABLES } from '../../src/changes/change-tables.js';
import { changesPipeline } from '../../src/changes/changes-pipeline.js';
import { DOCUMENTS_TOPIC, SIGNATURES_TOPIC, topicOf } from '../../src/changes/topics.js';
import { createTables, insertDocument, insertSignature, slotOf, valueIn } from '../support/changes.js';

const database = useDatabase();
beforeAll(() => createTables(database.pool));

/** What a group reads of a topic, from its beginning. */
async function read(topic: string): Promise<MemorySink<Uint8Array>> {
  const sink = memorySink<Uint8Array>();
  await using reading = pipeline(`read-${topic}`)
    .from(postgresLog({ connection: database.url }).subscribe({ topics: [topic], group: `test-${topic}` }))
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = reading.run();
  await reading.caughtUp({ timeoutMs: 30_000 });
  await reading.drain();
  await ended;
  return sink;
}

test('rows from before, inserts, updates, deletions and signatures are in the topics and the activity, in order', async () => {
  const early = await insertDocument(database, 'early');
  const activity = memorySink<ChangeOf<typeof CHANGED_TABLES>>({ name: 'activity', delivery: 'atomic' });
  const log = postgresLog({ connection: database.url });
  const changes = changesPipeline({
    connection: database.url,
    slot: slotOf(database),
    topics: log.sink({ name: 'topics', topic: topicOf }),
    activity,
  });
  expect(changes.report().guarantee).toBe('effectively-once');
  const ended = changes.run();
  await Promise.race([changes.caughtUp({ timeoutMs: 60_000 }), ended]);
  const id = await insertDocument(database, 'late');
  const signature = await insertSignature(database, id, 'bob@example.com');
  await database.query(`UPDATE documents.documents SET status = 'signed', version = 2 WHERE id = $1`, [id]);
  await database.query('DELETE FROM documents.documents WHERE id = $1', [id]);
  await Promise.race([changes.caughtUp({ timeoutMs: 60_000 }), ended]);
  await changes.drain();
  await ended;

  const documents = (await read(DOCUMENTS_TOPIC)).events;
  expect(documents.map((event) => [event.key, valueIn(event)?.op])).toEqual([
    [`{"id":"${early}"}`, 'r'],
    [`{"id":"${id}"}`, 'c'],
    [`{"id":"${id}"}`, 'u'],
    [`{"id":"${id}"}`, 'd'],
    [`{"id":"${id}"}`, undefined],
  ]);
  const [, created, signed, deleted] = documents.map(valueIn);
  expect(created?.after).toEqual({
    id,
    title: 'late',
    content_type: 'text/plain',
    content_size: 4,
    s3_key: `${id}/content`,
    status: 'created',
    created_by: 'ada@example.com',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/),
    updated_at: expect.stringMatching(/Z$/),
    version: 1,
  });
  expect(signed).toMatchObject({ before: { status: 'created', version: 1 }, after: { status: 'signed', version: 2 } });
  expect(deleted).toMatchObject({ before: { id, version: 2 }, after: null });
  expect(created?.source).toMatchObject({
    connector: 'postgresql',
    name: 'cdc',
    db: database.name,
    schema: 'documents',
    table: 'documents',
    snapshot: 'false',
    lsn: expect.any(Number),
    txId: expect.any(Number),
    ts_ms: expect.any(Number),
  });

  // The deletion of the document takes the signature along.
  const signatures = (await read(SIGNATURES_TOPIC)).events;
  expect(signatures.map((event) => [event.key, valueIn(event)?.op])).toEqual([
    [`{"id":"${signature}"}`, 'c'],
    [`{"id":"${signature}"}`, 'd'],
    [`{"id":"${signature}"}`, undefined],
  ]);
  expect(valueIn(signatures[0] as (typeof signatures)[0])?.after).toMatchObject({
    document_id: id,
    signer_email: 'bob@example.com',
  });

  // Over both tables, in the order of commits.
  const told = activity.events.map(({ data }) => `${data?.table?.split('.')[1]} ${data?.op}`);
  expect(told.slice(0, 4)).toEqual(['documents read', 'documents insert', 'signatures insert', 'documents update']);
  expect(told.slice(4).sort()).toEqual(['documents delete', 'signatures delete']);
}, 120_000);

test('an event of another table has no topic', () => {
  expect(() => topicOf({ type: 'public.others.insert' } as never)).toThrow(
    expect.objectContaining({ code: 'EVENT_INVALID' }),
  );
});
