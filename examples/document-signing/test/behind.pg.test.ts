import { waitFor } from '@sluice/testkit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { application, dataFolder } from './support/application.js';
import { call } from './support/service.js';

async function run(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

test('a search that takes nothing keeps the rest neither from starting nor from working, and has it all once it is back', {
  timeout: 180_000,
}, async () => {
  const data = await dataFolder();
  const first = await application(data);
  await first.caughtUp();
  await run(
    first.databaseUrl,
    `CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '58030'; END $$;
     CREATE TRIGGER away BEFORE INSERT ON sluice.search_documents FOR EACH ROW EXECUTE FUNCTION away()`,
  );
  const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };
  expect((await call(`${first.url}/documents`, 'POST', lease)).status).toBe(201);
  await first.stop();

  const said: string[] = [];
  const second = await application(data, undefined, 0, { catchUpMs: 1_000, say: (line) => said.push(line) });
  expect(said.join('\n')).toContain('starting all the same');
  expect((await call(`${second.url}/documents`, 'GET')).body).toHaveLength(1);
  expect((await call(`${second.url}/search?q=lease`, 'GET')).body.total).toBe(0);
  await run(second.databaseUrl, 'DROP TRIGGER away ON sluice.search_documents');
  await waitFor(async () => (await call(`${second.url}/search?q=lease`, 'GET')).body.total === 1, {
    what: 'the document to be found',
    timeoutMs: 120_000,
  });
});
