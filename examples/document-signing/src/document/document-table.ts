import type { Pool } from 'pg';
import type { Document } from './document.js';
import type { ChangeOutcome } from './outcomes.js';
import type { DocumentChanges } from './schemas.js';
import { mayFollow, type Status, statusesBefore } from './status.js';

/** What the row of a new document is made of. */
export interface NewRow {
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  readonly content_size: number;
  readonly created_by: string;
}

/**
 * The table `documents.documents`: the truth about every document but its content.
 *
 * Each change is one statement. Changes of one document wait for each other at its row, and each one checks its conditions again on
 * what the one before it left: none is lost, and the version at the end is 1 and the number of successes.
 */
export class DocumentTable {
  private readonly pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  async insert({ id, title, content_type, content_size, created_by }: NewRow): Promise<Document> {
    const rows = await this.query(INSERT, [id, `${id}/content`, title, content_type, content_size, created_by]);
    return rows[0] as Document;
  }

  /** Newest first. */
  async list({ skip, limit }: { readonly skip: number; readonly limit: number }): Promise<Document[]> {
    return await this.query(LIST, [limit, skip]);
  }

  async find(id: string): Promise<Document | undefined> {
    const [document] = await this.query(FIND, [id]);
    return document;
  }

  /** `ifVersion` refuses a change that was made from an older state. */
  async change(id: string, changes: DocumentChanges, ifVersion?: number): Promise<ChangeOutcome> {
    const { title = null, status = null } = changes;
    const from = status === null ? null : statusesBefore(status);
    return await this.changed(id, ifVersion, status, () =>
      this.query(CHANGE, [id, title, status, from, ifVersion ?? null]),
    );
  }

  /** Has no effect on a document that has the status already, so that it may be repeated. */
  async reach(id: string, status: Status): Promise<ChangeOutcome> {
    const from = statusesBefore(status).filter((one) => one !== status);
    return await this.changed(id, undefined, status, async () => {
      const rows = await this.query(CHANGE, [id, null, status, from, null]);
      if (rows.length > 0) return rows;
      const now = await this.find(id);
      return now?.status === status ? [now] : [];
    });
  }

  async remove(id: string, ifVersion?: number): Promise<ChangeOutcome> {
    return await this.changed(id, ifVersion, null, () => this.query(REMOVE, [id, ifVersion ?? null]));
  }

  /** Of these ids, those that have a row. */
  async existing(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query<{ id: string }>({ ...EXISTING, values: [ids] });
    return new Set(rows.map(({ id }) => id));
  }

  /** Resolves when the database answers. */
  async answers(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  /** Makes the change; finds out why, when it was not made. */
  private async changed(
    id: string,
    ifVersion: number | undefined,
    to: Status | null,
    make: () => Promise<Document[]>,
  ): Promise<ChangeOutcome> {
    for (;;) {
      const [document] = await make();
      if (document !== undefined) return { kind: 'done', document };
      const now = await this.find(id);
      if (now === undefined) return { kind: 'unknown' };
      if (ifVersion !== undefined && ifVersion !== now.version) return { kind: 'stale', version: now.version };
      if (to !== null && !mayFollow(now.status, to)) return { kind: 'forbidden', from: now.status, to };
      // What stood against it is gone again: somebody else was in between.
    }
  }

  private async query(statement: Statement, values: readonly unknown[]): Promise<Document[]> {
    const { rows } = await this.pool.query<Row>({ ...statement, values: [...values] });
    return rows.map(toDocument);
  }
}

/** Prepared once per connection. */
interface Statement {
  readonly name: string;
  readonly text: string;
}

const COLUMNS =
  'id, title, content_type, content_size, s3_key, status, created_by, created_at, updated_at, version' as const;

const INSERT: Statement = {
  name: 'document_insert',
  text: `INSERT INTO documents.documents (id, s3_key, title, content_type, content_size, created_by)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
};
const LIST: Statement = {
  name: 'document_list',
  text: `SELECT ${COLUMNS} FROM documents.documents ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2`,
};
const FIND: Statement = {
  name: 'document_find',
  text: `SELECT ${COLUMNS} FROM documents.documents WHERE id = $1`,
};
const CHANGE: Statement = {
  name: 'document_change',
  text: `UPDATE documents.documents
         SET title = coalesce($2, title), status = coalesce($3, status), version = version + 1
         WHERE id = $1 AND ($4::text[] IS NULL OR status = ANY ($4)) AND ($5::integer IS NULL OR version = $5)
         RETURNING ${COLUMNS}`,
};
const REMOVE: Statement = {
  name: 'document_remove',
  text: `DELETE FROM documents.documents WHERE id = $1 AND ($2::integer IS NULL OR version = $2) RETURNING ${COLUMNS}`,
};
const EXISTING: Statement = {
  name: 'document_existing',
  text: 'SELECT id FROM documents.documents WHERE id = ANY ($1::uuid[])',
};

type Row = Omit<Document, 'created_at' | 'updated_at'> & { readonly created_at: Date; readonly updated_at: Date };

function toDocument({ created_at, updated_at, version, ...rest }: Row): Document {
  return { ...rest, created_at: created_at.toISOString(), updated_at: updated_at.toISOString(), version };
}
