import { postgresDeadLetters, postgresLog } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { logEvent } from './support/log-event.js';
import { call } from './support/service.js';

test('a record that is no change is kept among the dead letters, and counted; what comes after it goes on', {
  timeout: 120_000,
}, async () => {
  const { url, databaseUrl: connection, caughtUp } = await application(await dataFolder());
  const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };
  const { id } = (await call(`${url}/documents`, 'POST', lease)).body;
  const bob = { document_id: id, signer_email: 'bob@example.com', signer_name: 'Bob' };
  expect((await call(`${url}/signatures`, 'POST', bob)).status).toBe(201);
  await caughtUp();
  const context = { pipeline: 'another producer', signal: new AbortController().signal, notice: () => undefined };
  await using publisher = await postgresLog({ connection }).publisher(context);
  for (const topic of ['cdc.documents', 'cdc.signatures']) await publisher.publish(topic, [logEvent('no JSON', 'a')]);
  const ada = { ...bob, signer_email: 'ada@example.com' };
  expect((await call(`${url}/signatures`, 'POST', ada)).status).toBe(201);
  expect((await call(`${url}/documents/${id}`, 'PATCH', { title: 'Tenancy' })).status).toBe(200);

  await using deadLetters = postgresDeadLetters({ connection });
  for (const pipeline of ['cache', 'signing']) {
    const letters = await waitFor(
      async () => {
        const found = await deadLetters.list({ pipeline });
        return found.length > 0 && found;
      },
      { what: `the letter of ${pipeline}`, timeoutMs: 60_000 },
    );
    expect(letters.map(({ cause }) => cause.code)).toEqual(['EVENT_INVALID']);
  }
  await caughtUp();
  expect((await call(`${url}/search?q=tenancy`, 'GET')).body.total).toBe(1);
  const { text } = await call(`${url}/metrics`, 'GET');
  expect(text).toContain('\nprocessor_incomplete_records_total 1\n');
  expect(text).toMatch(/dead_letter.*pipeline="signing".* 1\n/);
});
