import type { Counters } from '@sluice/contracts';
import { memoryCounters } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import type { DocumentServiceParts } from '../../src/document/service.js';
import { call, startService } from '../support/service.js';

const database = useDatabase();

/** A service, a document in it, and what its counts are after somebody looked at it. */
async function viewed(parts: Partial<DocumentServiceParts> = {}) {
  const service = await startService(database.url, parts);
  onTestFinished(() => service.stop());
  const lease = { title: 'Lease', content: '', created_by: 'ada@example.com' };
  const { id } = (await call(`${service.url}/documents`, 'POST', lease)).body;
  const url = `${service.url}/documents/${id}`;
  return {
    id,
    url,
    view: (forwardedFor?: string) =>
      call(url, 'GET', undefined, forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    counts: async () => (await call(`${url}/stats`, 'GET')).body,
  };
}

test('a view is a GET by id that found the document, and nothing else is one', async () => {
  const { id, url, view, counts } = await viewed();
  expect(await counts()).toEqual({ document_id: id, total_views: 0, unique_views: 0 });
  await view();
  await view();
  await call(url, 'HEAD');
  await call(`${url}/content`, 'GET');
  await call(`${url}x`, 'GET');
  expect(await counts()).toEqual({ document_id: id, total_views: 2, unique_views: 1 });
});

test('who looks through a trusted proxy is told apart by the address that it tells', async () => {
  const { view, counts } = await viewed({ trustedProxies: ['127.0.0.1'] });
  for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.1']) await view(address);
  expect(await counts()).toMatchObject({ total_views: 3, unique_views: 2 });
});

test('X-Forwarded-For of anybody else makes nobody of its sender: it stays one client', async () => {
  const { view, counts } = await viewed();
  for (const address of ['198.51.100.1', '198.51.100.2', '::1']) await view(address);
  expect(await counts()).toMatchObject({ total_views: 3, unique_views: 1 });
});

test('what a client writes before the address that its proxy adds is not believed', async () => {
  const { view, counts } = await viewed({ trustedProxies: ['127.0.0.1'] });
  for (const made of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) await view(`${made}, 198.51.100.7`);
  expect(await counts()).toMatchObject({ total_views: 3, unique_views: 1 });
});

test('a view that is counted after its document was deleted leaves no count behind', async () => {
  const kept = memoryCounters();
  let wait = false;
  let counting = 0;
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const counters: Counters = {
    ...kept,
    async count(...given) {
      counting += 1;
      if (wait) await held;
      await kept.count(...given);
    },
  };
  const { id, url, view } = await viewed({ counters });
  await view();
  wait = true;
  const late = view();
  await waitFor(() => counting === 2, { what: 'the second view' });
  await call(url, 'DELETE');
  await kept.remove([`views:${id}`]); // as the change stream does
  goOn();
  await late;
  expect([...(await kept.read([`views:${id}`])).keys()]).toEqual([]);
});
