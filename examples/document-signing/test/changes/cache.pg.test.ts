import { memoryCache, memoryCheckpoints, memoryCounters, memorySink, memoryTransport } from '@sluice/runtime';
import { postgresCheckpoints, postgresLog } from '@sluice/store-pg';
import { memoryObjects, waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cachePipeline } from '../../src/changes/cache-pipeline.js';
import { changesPipeline } from '../../src/changes/changes-pipeline.js';
import { readDocumentChange } from '../../src/changes/document-change.js';
import { topicOf } from '../../src/changes/topics.js';
import { createTables, insertDocument, slotOf } from '../support/changes.js';
import { logEvent } from '../support/log-event.js';

const database = useDatabase();
let running: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  await createTables(database.pool);
  running = await start();
});
afterAll(() => running?.stop());

const TTL = { ttlMs: 300_000 };
const key = (id: string) => `document:${id}`;

/** Postgres → topics → what is beside the row. */
async function start() {
  const [cache, counters, objects] = [memoryCache(), memoryCounters(), memoryObjects()];
  const log = postgresLog({ connection: database.url });
  const checkpoints = postgresCheckpoints({ connection: database.url });
  const changes = changesPipeline({
    connection: database.url,
    slot: slotOf(database),
    topics: log.sink({ name: 'topics', topic: topicOf }),
    activity: memorySink({ name: 'activity', delivery: 'atomic' }),
  });
  const evicting = cachePipeline({ transport: log, checkpoints, cache, counters, objects });
  const runs = [changes.run(), evicting.run()];
  return {
    cache,
    counters,
    objects,
    async caughtUp() {
      await Promise.race([changes.caughtUp({ timeoutMs: 60_000 }), ...runs]);
      await Promise.race([evicting.caughtUp({ timeoutMs: 60_000 }), ...runs]);
    },
    async stop() {
      await changes.drain();
      await evicting.drain();
      await Promise.all(runs);
      await checkpoints[Symbol.asyncDispose]();
    },
  };
}

test('a change makes older states leave the cache, and the state itself may be kept', async () => {
  const id = await insertDocument(database, 'cached');
  const { cache, caughtUp } = running;
  await cache.set({ key: key(id), version: 1, value: 'one' }, TTL);
  await caughtUp();
  expect(await cache.get(key(id))).toBe('one');
  // Not by the document service: nobody else tells the cache.
  await database.query(`UPDATE documents.documents SET status = 'signed', version = 2 WHERE id = $1`, [id]);
  await caughtUp();
  await waitFor(async () => (await cache.get(key(id))) === undefined, { what: 'the old state to leave' });
  await cache.set({ key: key(id), version: 1, value: 'late reader' }, TTL);
  expect(await cache.get(key(id))).toBeUndefined();
  await cache.set({ key: key(id), version: 2, value: 'two' }, TTL);
  expect(await cache.get(key(id))).toBe('two');
}, 120_000);

test('a deleted document takes its cached state, its counts and its objects along; others keep theirs', async () => {
  const [gone, kept] = [await insertDocument(database, 'gone'), await insertDocument(database, 'kept')];
  const { cache, counters, objects, caughtUp } = running;
  for (const id of [gone, kept]) {
    await cache.set({ key: key(id), version: 1, value: id }, TTL);
    await counters.count(`views:${id}`, '127.0.0.1');
    await objects.put(`${id}/content`, Buffer.from('text'));
    await objects.put(`${id}/signatures/${id}.png`, Buffer.from('image'));
  }
  await caughtUp();
  await database.query('DELETE FROM documents.documents WHERE id = $1', [gone]);
  await caughtUp();
  await waitFor(async () => (await objects.list(`${gone}/`)).length === 0, { what: 'the objects to go' });
  expect(await cache.get(key(gone))).toBeUndefined();
  expect(await cache.get(key(kept))).toBe(kept);
  const views = await counters.read([`views:${gone}`, `views:${kept}`]);
  expect([...views.keys()]).toEqual([`views:${kept}`]);
  expect(await objects.list(`${kept}/`)).toHaveLength(2);
}, 120_000);

test('a store that is away for a while is asked again, and what is no change of a document stops nobody', async () => {
  const transport = memoryTransport();
  const memory = memoryCache();
  let failures = 2;
  const cache = {
    ...memory,
    async invalidate(...given: Parameters<typeof memory.invalidate>) {
      if (failures-- > 0) throw new Error('away');
      await memory.invalidate(...given);
    },
  };
  await using publisher = await transport.publisher({
    pipeline: 'test',
    signal: new AbortController().signal,
    notice: () => undefined,
  });
  const change = (version: number) => JSON.stringify({ before: null, after: { id: 'a', version }, op: 'u' });
  for (const text of ['no JSON', '[]', '{"after":{"id":"a"}}', '{"before":null,"after":null}', change(2)]) {
    await publisher.publish('cdc.documents', [logEvent(text, 'a')]);
  }
  await memory.set({ key: key('a'), version: 1, value: 'one' }, TTL);
  const checkpoints = memoryCheckpoints();
  const parts = { transport, checkpoints, cache, counters: memoryCounters(), objects: memoryObjects() };
  const evicting = cachePipeline({ ...parts, notice: () => undefined });
  const run = evicting.run();
  await Promise.race([evicting.caughtUp({ timeoutMs: 60_000 }), run]);
  await evicting.drain();
  await run;
  expect(await memory.get(key('a'))).toBeUndefined();
});

test('what is read of a change names the document and what is out of date', () => {
  const read = (value: object) => readDocumentChange(Buffer.from(JSON.stringify(value)));
  const row = { id: 'a', version: 3 };
  expect(read({ before: null, after: { id: 'a', version: 1 } })).toEqual({ id: 'a', outdated: 0, gone: false });
  expect(read({ before: row, after: { id: 'a', version: 4 } })).toEqual({ id: 'a', outdated: 3, gone: false });
  expect(read({ before: row, after: null })).toEqual({ id: 'a', outdated: 3, gone: true });
  for (const wrong of [{}, { after: { id: '', version: 1 } }, { after: { id: 'a', version: '1' } }]) {
    expect(() => read(wrong)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
  }
});
