import { describe, expect, test } from 'vitest';
import { query } from '../client/database.js';
import { patch } from '../client/http.js';
import { createDocument, newSignature, sign } from '../client/samples.js';
import type { UnderTest } from '../system.js';

export function tables(system: UnderTest): void {
  const ask = (sql: string, values: readonly unknown[] = []) => query(system, sql, values);

  describe('Postgres', () => {
    test('documents.documents has a row of each document, with a uuid as primary key', async () => {
      const made = await createDocument(system);
      const [row] = await ask(
        'SELECT id::text, title, content_type, content_size::int, s3_key, status::text, created_by, version FROM documents.documents WHERE id = $1',
        [made.id],
      );
      const { created_at, updated_at, ...rest } = made;
      expect(row).toEqual(rest);
      const [key] = await ask(`SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = 'documents.documents'::regclass AND i.indisprimary`);
      expect(key).toEqual({ column: 'id', type: 'uuid' });
    });

    test('a CHECK holds the status; a trigger keeps updated_at', async () => {
      const { id, updated_at } = await createDocument(system);
      await expect(ask(`UPDATE documents.documents SET status = 'burnt' WHERE id = $1`, [id])).rejects.toMatchObject({
        code: '23514',
      });
      await ask(`UPDATE documents.documents SET title = 'by hand' WHERE id = $1`, [id]);
      const [row] = await ask('SELECT updated_at > $2::timestamptz AS later FROM documents.documents WHERE id = $1', [
        id,
        updated_at,
      ]);
      expect(row).toEqual({ later: true });
    });

    test.each([
      ['status', 'created_at'],
      ['created_by', 'created_at'],
    ])('there is an index (%s, %s desc)', async (first, second) => {
      const rows = await ask(
        `SELECT indexdef FROM pg_indexes WHERE schemaname = 'documents' AND tablename = 'documents'`,
      );
      const pattern = new RegExp(`\\(${first}, ${second} DESC`, 'i');
      expect(rows.some(({ indexdef }) => pattern.test(indexdef))).toBe(true);
    });

    test.each(['documents.documents', 'signatures.signatures'])('%s has REPLICA IDENTITY FULL', async (table) => {
      expect(await ask('SELECT relreplident FROM pg_class WHERE oid = $1::regclass', [table])).toEqual([
        { relreplident: 'f' },
      ]);
    });

    test('signatures.signatures has its columns, and goes with the document', async () => {
      const { id } = await createDocument(system);
      const made = await sign(system, id, { signature_data: 'x', ip_address: '192.0.2.7' });
      const select = `SELECT document_id::text, signer_email, signer_name, signature_key, host(ip_address::inet) AS ip_address
        FROM signatures.signatures WHERE id = $1`;
      const { document_id, signer_email, signer_name } = made;
      expect(await ask(select, [made.id])).toEqual([
        {
          document_id,
          signer_email,
          signer_name,
          signature_key: expect.stringContaining(`${id}/signatures/${made.id}`),
          ip_address: '192.0.2.7',
        },
      ]);
      await ask('DELETE FROM documents.documents WHERE id = $1', [id]);
      expect(await ask(select, [made.id])).toEqual([]);
    });

    test('a signature of an unknown document leaves no row', async () => {
      const { id } = await createDocument(system);
      const unknown = `${id.slice(0, -4)}0000`;
      await fetch(`${system().signature}/signatures`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(newSignature(unknown)),
      });
      expect(await ask('SELECT id FROM signatures.signatures WHERE document_id = $1', [unknown])).toEqual([]);
    });

    test('a row that was changed past the services shows everywhere all the same', async () => {
      const { id } = await createDocument(system);
      await patch(`${system().document}/documents/${id}`, { status: 'sent' });
      const [row] = await ask('SELECT status, version FROM documents.documents WHERE id = $1', [id]);
      expect(row).toEqual({ status: 'sent', version: 2 });
    });
  });
}
