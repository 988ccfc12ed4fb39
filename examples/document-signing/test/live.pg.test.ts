import { waitFor } from '@sluice/testkit';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { application, dataFolder, listen } from './support/application.js';
import { call } from './support/service.js';

const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };

test('every change reaches the list and the feeds, in order, whoever made it', async () => {
  const { url, databaseUrl, caughtUp } = await application(await dataFolder());
  const list = await listen(url, '/ws?channel=documents');
  const { body: made } = await call(`${url}/documents`, 'POST', lease);
  const one = await listen(url, `/ws/${made.id}`);
  await call(`${url}/documents/${made.id}`, 'PATCH', { title: 'Lease 2' });
  await call(`${url}/documents/${made.id}`, 'PATCH', { status: 'sent' });
  await caughtUp();
  const { s3_key, ...shown } = (await call(`${url}/documents/${made.id}`, 'GET')).body;
  expect(s3_key).toBe(`${made.id}/content`);
  expect((await call(`${url}/feed`, 'GET')).body).toEqual([shown]);

  const database = new pg.Client(databaseUrl);
  await database.connect();
  onTestFinished(() => database.end());
  await database.query(`UPDATE documents.documents SET status = 'signed', version = version + 1`);
  await call(`${url}/documents/${made.id}`, 'DELETE');
  await waitFor(() => list.messages.length === 6 && one.messages.at(-1)?.type === 'document.deleted', {
    what: 'the pushes',
  });

  const types = ['created', 'updated', 'sent', 'signed', 'deleted'].map((type) => `document.${type}`);
  expect(list.types()).toEqual(['connection.established', ...types]);
  expect(one.types().slice(-4)).toEqual(types.slice(1));
  expect(one.messages[0]).toMatchObject({ type: 'connection.established', data: { document_id: made.id } });
  const { s3_key: _, ...first } = made;
  expect(list.messages[1]).toEqual({ type: 'document.created', data: first, timestamp: expect.any(String) });
  expect(list.messages[3].data).toMatchObject({
    old_status: 'created',
    new_status: 'sent',
    title: 'Lease 2',
    version: 3,
  });
  await caughtUp();
  expect((await call(`${url}/feed`, 'GET')).body).toEqual([]);
});

test('a restart loses nothing and repeats nothing: rows from before, and rows made while it was down', async () => {
  const data = await dataFolder();
  const first = await application(data);
  for (let n = 0; n < 20; n++) await call(`${first.url}/documents`, 'POST', { ...lease, title: `T${n}` });
  await first.stop();

  const second = await application(data);
  const told = await listen(second.url, '/ws?channel=documents');
  const { body: made } = await call(`${second.url}/documents`, 'POST', { ...lease, title: 'after' });
  await second.caughtUp();
  const truth = (await call(`${second.url}/documents`, 'GET')).body;
  const shown = (await call(`${second.url}/feed`, 'GET')).body;
  expect(shown).toEqual(truth.map(({ s3_key: _, ...document }: { s3_key: string }) => document));
  expect(shown.length).toBe(21);
  await waitFor(() => told.messages.length >= 2, { what: 'the push' });
  expect(told.messages.slice(1).map(({ data: { id } }) => id)).toEqual([made.id]);
  expect((await call(`${second.url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
});

test('a channel and a document that do not exist are a 404 at the handshake', async () => {
  const { url } = await application(await dataFolder());
  expect((await listen(url, '/ws')).status).toBe(404);
  expect((await listen(url, '/ws?channel=secrets')).status).toBe(404);
  expect((await listen(url, '/ws/01890000-0000-7000-8000-000000000000')).status).toBe(404);
  expect((await listen(url, '/ws/nothing')).status).toBe(404);
  expect((await call(`${url}/stats`, 'GET')).body).toEqual({ connections: 0, channels: 0, sent: 0, dropped: 0 });
});
