import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../database/transaction.js';
import type { Document } from './document.js';
import type { ChangeOutcome } from './outcomes.js';
import type { DocumentChanges, NewDocument } from './schemas.js';
import { mayFollow, type Status } from './status.js';

/** The table `documents.documents`: the truth about every document but its content. */
export class DocumentTable {
  private readonly pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  /** Adds a document; `storeContent` is run before the row is committed, so that a row never lacks its content. */
  async insert(
    { title, content, content_type, created_by }: NewDocument,
    storeContent: (document: Document) => Promise<void>,
  ): Promise<Document> {
    return await inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<Row>(
        `INSERT INTO documents.documents (id, s3_key, title, content_type, content_size, created_by)
         SELECT id, id || '/content', $1, $2, $3, $4 FROM (SELECT uuidv7() AS id) AS new RETURNING *`,
        [title, content_type, Buffer.byteLength(content), created_by],
      );
      const document = toDocument(rows[0] as Row);
      await storeContent(document);
      return document;
    });
  }

  /** Newest first. */
  async list({ skip, limit }: { readonly skip: number; readonly limit: number }): Promise<Document[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT * FROM documents.documents ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2',
      [limit, skip],
    );
    return rows.map(toDocument);
  }

  async find(id: string): Promise<Document | undefined> {
    const { rows } = await this.pool.query<Row>('SELECT * FROM documents.documents WHERE id = $1', [id]);
    return rows[0] && toDocument(rows[0]);
  }

  /** Changes of one document wait for each other, so none is lost; `ifVersion` refuses one that was made from an older state. */
  async change(id: string, changes: DocumentChanges, ifVersion?: number): Promise<ChangeOutcome> {
    return await inTransaction(this.pool, async (client): Promise<ChangeOutcome> => {
      const now = await lock(client, id);
      if (now === undefined) return { kind: 'unknown' };
      if (ifVersion !== undefined && ifVersion !== now.version) return { kind: 'stale', version: now.version };
      const to = changes.status ?? now.status;
      if (!mayFollow(now.status, to)) return { kind: 'forbidden', from: now.status, to };
      const { rows } = await client.query<Row>(
        'UPDATE documents.documents SET title = $2, status = $3, version = version + 1 WHERE id = $1 RETURNING *',
        [id, changes.title ?? now.title, to],
      );
      return { kind: 'done', document: toDocument(rows[0] as Row) };
    });
  }

  async remove(id: string, ifVersion?: number): Promise<ChangeOutcome> {
    return await inTransaction(this.pool, async (client): Promise<ChangeOutcome> => {
      const now = await lock(client, id);
      if (now === undefined) return { kind: 'unknown' };
      if (ifVersion !== undefined && ifVersion !== now.version) return { kind: 'stale', version: now.version };
      await client.query('DELETE FROM documents.documents WHERE id = $1', [id]);
      return { kind: 'done', document: toDocument(now) };
    });
  }

  /** Of these ids, those that have a row. */
  async existing(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query<{ id: string }>(
      'SELECT id FROM documents.documents WHERE id = ANY($1::uuid[])',
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  readonly content_size: number;
  readonly s3_key: string;
  readonly status: Status;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

async function lock(client: PoolClient, id: string): Promise<Row | undefined> {
  const { rows } = await client.query<Row>('SELECT * FROM documents.documents WHERE id = $1 FOR UPDATE', [id]);
  return rows[0];
}

function toDocument(row: Row): Document {
  return {
    id: row.id,
    title: row.title,
    content_type: row.content_type,
    content_size: row.content_size,
    s3_key: row.s3_key,
    status: row.status,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    version: row.version,
  };
}
