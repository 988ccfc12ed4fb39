import { describe, expect, test } from 'vitest';
import { query } from '../client/database.js';
import { patch, remove } from '../client/http.js';
import { createDocument, eventually, sign } from '../client/samples.js';
import type { UnderTest } from '../system.js';

/** The topics, where they are in Postgres. */
export function topics(system: UnderTest): void {
  /** What a topic has of a key, as a consumer reads it. */
  async function valuesOf(topic: string, key: string) {
    const [log] = await query(
      system,
      `SELECT quote_ident(n.nspname) AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'log_events'`,
    );
    const rows = await query(
      system,
      `SELECT convert_from(e.data, 'UTF8') AS value, e.key FROM ${log.schema}.log_events e
       JOIN ${log.schema}.log_topics t ON t.id = e.topic WHERE t.name = $1 AND e.data IS NOT NULL ORDER BY e.partition, e.log_offset`,
      [topic],
    );
    return rows.filter((row) => row.key?.includes(key)).map(({ value }) => JSON.parse(value));
  }
  const reached = (topic: string, key: string, count: number) =>
    eventually(`${count} events of the key in ${topic}`, async () => {
      const values = await valuesOf(topic, key);
      return values.length >= count && values;
    });

  describe('change data capture', () => {
    test('cdc.documents: before, after, op, ts_ms, source, as those who know Debezium read them', async () => {
      const made = await createDocument(system);
      await patch(`${system().document}/documents/${made.id}`, { status: 'sent' });
      await remove(`${system().document}/documents/${made.id}`);
      const values = await reached('cdc.documents', made.id, 3);
      expect(values.map(({ op }) => op)).toEqual(['c', 'u', 'd']);
      const [created, updated, deleted] = values;
      expect(created).toMatchObject({
        before: null,
        after: { id: made.id, title: made.title, status: 'created', version: 1 },
      });
      expect(updated).toMatchObject({
        before: { id: made.id, status: 'created', version: 1 },
        after: { id: made.id, status: 'sent', version: 2 },
      });
      expect(deleted).toMatchObject({ before: { id: made.id, status: 'sent', version: 2 }, after: null });
      let position = 0n;
      for (const { ts_ms, source } of values) {
        expect(Math.abs(Date.now() - ts_ms)).toBeLessThan(3_600_000);
        expect(source).toMatchObject({
          db: expect.any(String),
          schema: 'documents',
          table: 'documents',
          lsn: expect.any(Number),
          txId: expect.any(Number),
          ts_ms: expect.any(Number),
        });
        expect([false, 'false']).toContain(source.snapshot);
        expect(BigInt(source.lsn) > position).toBe(true);
        position = BigInt(source.lsn);
      }
    });

    test('cdc.signatures: the same', async () => {
      const { id } = await createDocument(system);
      const made = await sign(system, id);
      const [added] = await reached('cdc.signatures', made.id, 1);
      expect(added).toMatchObject({
        op: 'c',
        before: null,
        after: { id: made.id, document_id: id, signer_email: made.signer_email, signer_name: made.signer_name },
        source: { schema: 'signatures', table: 'signatures' },
      });
    });

    test('of one key each change is there once, in its order', async () => {
      const { id } = await createDocument(system);
      for (let n = 0; n < 10; n += 1) await patch(`${system().document}/documents/${id}`, { title: `T${n}` });
      const values = await reached('cdc.documents', id, 11);
      expect(values.map(({ after }) => after.version)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1));
    });
  });
}
