import { memoryObjects, waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import { DocumentTable } from '../../src/document/document-table.js';
import { documentOf } from '../../src/document/orphans.js';
import { removeOrphans } from '../../src/orphans/remove-orphans.js';
import { call, startService } from '../support/service.js';

const database = useDatabase();
const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };
const bytes = new Uint8Array([1]);
const ofDocuments = (pool: Pool) => ({
  ownerOf: documentOf,
  existing: (ids: readonly string[]) => new DocumentTable(pool).existing(ids),
});
const inAWhile = () => new Date(Date.now() + 60_000);

async function started(...parts: [Parameters<typeof startService>[1]?]) {
  const service = await startService(database.url, ...parts);
  onTestFinished(() => service.stop());
  return service;
}

test('objects that a crash left without a row are taken away, and nothing else', async () => {
  const { url, objects, pool } = await started();
  const { id } = (await call(`${url}/documents`, 'POST', lease)).body;
  const gone = uuidv7();
  for (const key of [`${id}/signatures/a.png`, `${gone}/content`, `${gone}/signatures/b.png`, 'readme.txt']) {
    await objects.put(key, bytes);
  }
  expect(await removeOrphans({ objects, ...ofDocuments(pool), before: inAWhile() })).toBe(2);
  const left = (await objects.list('')).map(({ key }) => key);
  expect(left.sort()).toEqual([`${id}/content`, `${id}/signatures/a.png`, 'readme.txt'].sort());
});

test('an object whose row may be about to be written stays', async () => {
  const { objects, pool } = await started();
  await objects.put(`${uuidv7()}/content`, bytes);
  const before = new Date(Date.now() - 60_000);
  expect(await removeOrphans({ objects, ...ofDocuments(pool), before })).toBe(0);
});

test('more objects than one listing holds are looked through page by page', async () => {
  const objects = memoryObjects();
  for (let n = 0; n < 2_300; n++) await objects.put(`${uuidv7()}/content`, bytes);
  let largest = 0;
  const existing = async (ids: readonly string[]) => {
    largest = Math.max(largest, ids.length);
    return new Set<string>();
  };
  expect(await removeOrphans({ objects, ownerOf: documentOf, existing, before: inAWhile() })).toBe(2_300);
  expect(largest).toBe(1_000);
});

test('they are looked for at every start', async () => {
  const objects = memoryObjects();
  const old = {
    ...objects,
    list: async (...args: Parameters<typeof objects.list>) =>
      (await objects.list(...args)).map((entry) => ({ ...entry, modified: new Date(0) })),
  };
  await objects.put(`${uuidv7()}/content`, bytes);
  await started({ objects: old });
  await waitFor(async () => (await objects.list('')).length === 0, { what: 'the end of the orphan' });
});

test('when the row is refused its content is taken back; when nobody knows, it stays', async () => {
  const { url, objects, pool } = await started();
  await pool.query(`ALTER TABLE documents.documents ADD CONSTRAINT no_drafts CHECK (title <> 'draft')`);
  onTestFinished(() => pool.query('ALTER TABLE documents.documents DROP CONSTRAINT no_drafts').then(() => undefined));
  const before = (await objects.list('')).length;
  const refused = await call(`${url}/documents`, 'POST', { ...lease, title: 'draft' });
  expect([refused.status, refused.body]).toEqual([500, { detail: 'Internal Server Error' }]);
  expect(await objects.list('')).toHaveLength(before);
});

test('when the connection breaks while the row is written, its content stays, as the row may be there', async () => {
  const { url, objects, pool } = await started();
  await pool.query(`CREATE OR REPLACE FUNCTION documents.cut() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
    CREATE TRIGGER cut BEFORE INSERT ON documents.documents FOR EACH ROW WHEN (NEW.title = 'cut') EXECUTE FUNCTION documents.cut()`);
  const answer = await call(`${url}/documents`, 'POST', { ...lease, title: 'cut' });
  expect([answer.status, answer.body]).toEqual([503, { detail: 'Temporarily unavailable' }]);
  expect(await objects.list('')).toHaveLength(1);
});
