import { useDatabase } from '@sluice/testkit/vitest';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import { openPool } from '../../src/database/pool.js';
import { createDocumentTables } from '../../src/document/tables.js';

const database = useDatabase();

test('the table holds what the change stream and its readers rely on', async () => {
  const pool = openPool(database.url);
  onTestFinished(() => pool.end());
  await Promise.all([createDocumentTables(pool), createDocumentTables(pool)]);
  const { rows } = await pool.query(`SELECT relreplident FROM pg_class WHERE oid = 'documents.documents'::regclass`);
  expect(rows).toEqual([{ relreplident: 'f' }]);
  const indexes = await pool.query(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'documents'`);
  const definitions = indexes.rows.map(({ indexdef }) => indexdef).join('\n');
  expect(definitions).toContain('(status, created_at DESC)');
  expect(definitions).toContain('(created_by, created_at DESC)');

  const id = uuidv7();
  const insert = (status: string, one = id) =>
    pool.query(
      `INSERT INTO documents.documents (id, title, content_type, content_size, s3_key, created_by, status, updated_at)
       VALUES ($1, 'a', 'text/plain', 0, $2, 'ada@example.com', $3, 'epoch')`,
      [one, `${one}/content`, status],
    );
  await expect(insert('lost')).rejects.toThrow(/check constraint/);
  await insert('created');
  await pool.query(`UPDATE documents.documents SET title = 'b' WHERE id = $1`, [id]);
  const { rows: after } = await pool.query('SELECT updated_at FROM documents.documents WHERE id = $1', [id]);
  expect(after[0].updated_at.getTime()).toBeGreaterThan(Date.now() - 600_000);
});
