import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { openPool } from '../src/database/pool.js';
import { call } from './support/answers.js';
import { createTables, follow, startRealtime, tokenFor, writer } from './support/realtime.js';

const database = useDatabase();
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

test('a document tells its clients what happens to it, in the order of the commits', async () => {
  const { url, pool, caughtUp } = await startRealtime(database.url);
  const { create, rename, status, sign, remove } = writer(pool);
  const list = await follow(url, '/ws?channel=documents', await tokenFor());
  const id = await create();
  await caughtUp();
  const one = await follow(url, `/ws/${id}`, await tokenFor());
  await sign(id);
  await status(id, 'signed');
  await rename(id, 'Lease 2');
  await status(id, 'archived');
  await remove(id);
  await list.seen(7);
  await one.seen(6);

  const [welcome, ...events] = one.messages;
  expect(welcome).toMatchObject({
    type: 'connection.established',
    data: {
      document_id: id,
      user_id: 'ada',
      email: 'ada@example.com',
      message: 'Connected',
      offset: 1,
      recovered: false,
    },
  });
  expect(welcome.data.epoch).toMatch(/^[0-9a-f-]{36}$/);
  expect(events).toEqual([
    {
      type: 'signature.added',
      data: {
        signature_id: expect.any(String),
        document_id: id,
        signer_name: 'Grace',
        signer_email: 'grace@example.com',
        signed_at: ISO,
      },
      timestamp: ISO,
      offset: 2,
    },
    {
      type: 'document.signed',
      data: { id, title: 'Lease', old_status: 'created', new_status: 'signed', version: 2 },
      timestamp: ISO,
      offset: 3,
    },
    expect.objectContaining({ type: 'document.updated', offset: 4 }),
    expect.objectContaining({ type: 'document.status_changed', offset: 5 }),
    { type: 'document.deleted', data: { id, title: 'Lease 2', version: 4 }, timestamp: ISO, offset: 6 },
  ]);
  expect(list.events()[0]).toEqual({
    type: 'document.created',
    data: {
      id,
      title: 'Lease',
      content_type: 'text/plain',
      content_size: 4,
      status: 'created',
      created_by: 'ada@example.com',
      created_at: ISO,
      updated_at: ISO,
      version: 1,
    },
    timestamp: ISO,
    offset: 1,
  });
  expect(list.events().slice(1)).toEqual(events);
});

test('a client gets its document and no other; offset 0 replays it from its beginning, then it is live', async () => {
  const { url, pool, caughtUp } = await startRealtime(database.url);
  const { create, rename } = writer(pool);
  const [a, b] = [await create('A'), await create('B')];
  for (let n = 1; n <= 250; n++) await rename(n % 2 === 0 ? a : b, `T${n}`);
  await caughtUp();
  const late = await follow(url, `/ws/${a}?offset=0`, await tokenFor());
  await late.seen(1 + 126);
  await rename(a, 'live');
  await late.seen(1 + 127);
  expect(late.messages[0].data).toMatchObject({ recovered: true, offset: 0 });
  expect(late.types()[0]).toBe('document.created');
  expect(late.events().map(({ data }) => data.id)).toEqual(Array(127).fill(a));
  const offsets = late.events().map(({ offset }) => offset);
  expect(offsets).toEqual([...offsets].sort((x, y) => x - y));
  expect(late.events().at(-1).data.title).toBe('live');

  const [whole, part] = [
    (await call(`${url}/documents/${a}/activity?limit=1000`, 'GET')).body,
    (await call(`${url}/documents/${a}/activity?after=${offsets[9]}&limit=5`, 'GET')).body,
  ];
  expect(whole.events).toEqual(late.events());
  expect(whole.epoch).toBe(late.messages[0].data.epoch);
  expect(part.events).toEqual(late.events().slice(10, 15));
});

test('a restart in the middle: who reconnects with the offset has each event once', { timeout: 120_000 }, async () => {
  let running = await startRealtime(database.url);
  const { port } = running;
  const id = await writer(running.pool).create();
  const token = await tokenFor();
  const had: { offset: number; type: string; data: { title?: string } }[] = [];
  let titles = 0;
  for (let round = 0; round < 3; round++) {
    const last = had.at(-1);
    const epoch =
      round === 0 ? '' : `&epoch=${(await call(`${running.url}/documents/${id}/activity`, 'GET')).body.epoch}`;
    const client = await follow(running.url, `/ws/${id}?offset=${last?.offset ?? 0}${epoch}`, token);
    expect(client.status).toBe(101);
    const { rename } = writer(running.pool);
    for (let n = 0; n < 20; n++) await rename(id, `T${titles++}`);
    await client.seen(5);
    had.push(...client.events());
    client.socket.terminate();
    // Nobody listens, and nobody reads, while these are made.
    await running.stop();
    running = await startRealtime(database.url, { port });
    for (let n = 0; n < 10; n++) await writer(running.pool).rename(id, `T${titles++}`);
  }
  await running.caughtUp();
  const client = await follow(running.url, `/ws/${id}?offset=${had.at(-1)?.offset}`, token);
  await client.seen(1 + 1 + titles - had.length);
  had.push(...client.events());
  expect(had.map(({ data }) => data.title)).toEqual(['Lease', ...Array.from({ length: titles }, (_, n) => `T${n}`)]);
  const { rows } = await running.pool.query('SELECT seq::int AS seq FROM realtime.events ORDER BY seq');
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, n) => n + 1));
});

test('with several replicas every client gets every event once, whichever replica it is on', async () => {
  const replicas = [await startRealtime(database.url), await startRealtime(database.url, { replica: 'b' })];
  const { create, rename } = writer((replicas[0] as (typeof replicas)[0]).pool);
  const id = await create();
  for (const { caughtUp } of replicas) await caughtUp();
  const token = await tokenFor();
  const clients = await Promise.all(replicas.map(({ url }) => follow(url, `/ws/${id}?offset=0`, token)));
  for (let n = 0; n < 100; n++) await rename(id, `T${n}`);
  for (const client of clients) await client.seen(102);
  for (const { caughtUp } of replicas) await caughtUp();
  const titles = ['Lease', ...Array.from({ length: 100 }, (_, n) => `T${n}`)];
  for (const client of clients) expect(client.events().map(({ data }) => data.title)).toEqual(titles);
  expect(clients[0]?.events()).toEqual(clients[1]?.events());
});

const older = useDatabase();

test('rows from before the first start are told as made when they were', async () => {
  const before = openPool(older.url);
  onTestFinished(() => before.end());
  await createTables(before);
  const id = await writer(before).create();
  await writer(before).sign(id);
  const { rows } = await before.query('SELECT created_at FROM documents.documents');
  const { url, caughtUp } = await startRealtime(older.url);
  await caughtUp();
  const client = await follow(url, `/ws/${id}?offset=0`, await tokenFor());
  await client.seen(3);
  expect(client.types().sort()).toEqual(['document.created', 'signature.added']);
  const created = client.events().find(({ type }) => type === 'document.created');
  expect(created.timestamp).toBe(rows[0].created_at.toISOString());
});
