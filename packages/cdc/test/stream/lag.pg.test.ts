import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();

test('the bytes between two places of the stream are what Postgres counts between them', async () => {
  await db.query('CREATE TABLE notes (id int PRIMARY KEY, body text)');
  const slot = `${db.name}_lag`;
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE notes`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  await using driver = await Driver.open(
    changesOf(db.url, slot, { publication: slot, slot: { name: slot, create: false }, snapshot: 'never' }),
  );
  await db.query(`INSERT INTO notes VALUES (1, 'first')`);
  const { position } = await driver.batch();
  await db.query(`INSERT INTO notes SELECT i, repeat('x', 1000) FROM generate_series(2, 200) i`);
  const { session, stream } = driver;
  const head = (await session.head()).get(stream.lane);
  if (head === undefined) throw new Error('the stream has a head');
  const lsn = (resume: string) => `${resume.slice(0, 8)}/${resume.slice(8)}`;
  const [counted] = await db.query<{ bytes: string }>('SELECT $1::pg_lsn - $2::pg_lsn AS bytes', [
    lsn(head.resume),
    lsn(position.resume),
  ]);
  const bytes = session.bytesBetween?.(stream.lane, position, head);
  expect(bytes).toBe(Number(counted?.bytes));
  expect(bytes).toBeGreaterThan(199_000);
  expect(session.bytesBetween?.(stream.lane, head, position)).toBe(0);
  expect(session.bytesBetween?.('snapshot:public.notes', position, head)).toBeUndefined();
});
