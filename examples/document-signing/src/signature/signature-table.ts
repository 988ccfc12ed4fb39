import type { Pool } from 'pg';
import type { Signature } from './signature.js';

/** What a new row is made of. */
export interface NewRow {
  readonly id: string;
  readonly documentId: string;
  readonly signerEmail: string;
  readonly signerName: string;
  readonly signatureKey: string | null;
  readonly ipAddress: string | null;
}

/** What became of an insert: the row; `twice`: this person has signed already; `unknown`: there is no such document any more. */
export type InsertOutcome =
  | { readonly kind: 'done'; readonly signature: Signature }
  | { readonly kind: 'twice' }
  | { readonly kind: 'unknown' };

/** The table `signatures.signatures`. */
export class SignatureTable {
  private readonly pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  /** Of several at once by one person, the database lets one pass. */
  async insert(row: NewRow): Promise<InsertOutcome> {
    const { id, documentId, signerEmail, signerName, signatureKey, ipAddress } = row;
    try {
      const values = [id, documentId, signerEmail, signerName, signatureKey, ipAddress];
      const [signature] = await this.query(INSERT, values);
      return { kind: 'done', signature: signature as Signature };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === UNIQUE_VIOLATION) return { kind: 'twice' };
      if (code === FOREIGN_KEY_VIOLATION) return { kind: 'unknown' };
      throw error;
    }
  }

  async find(id: string): Promise<Signature | undefined> {
    const [signature] = await this.query(FIND, [id]);
    return signature;
  }

  /** The key of its drawing, and of which document it is; undefined when there is no such signature. */
  async drawingKey(id: string): Promise<string | null | undefined> {
    const { rows } = await this.pool.query<{ signature_key: string | null }>({ ...KEY, values: [id] });
    return rows[0]?.signature_key;
  }

  /** Of these ids, those that have a row. */
  async existing(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query<{ id: string }>({ ...EXISTING, values: [ids] });
    return new Set(rows.map(({ id }) => id));
  }

  /** Newest first. */
  async list({ skip, limit }: { readonly skip: number; readonly limit: number }): Promise<Signature[]> {
    return await this.query(LIST, [limit, skip]);
  }

  /** Oldest first. */
  async ofDocument(documentId: string): Promise<Signature[]> {
    return await this.query(OF_DOCUMENT, [documentId]);
  }

  async remove(id: string): Promise<void> {
    await this.pool.query({ ...REMOVE, values: [id] });
  }

  /** Resolves when the database answers. */
  async answers(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  private async query(statement: Statement, values: readonly unknown[]): Promise<Signature[]> {
    const { rows } = await this.pool.query<Row>({ ...statement, values: [...values] });
    return rows.map(({ signed_at, ...rest }) => ({ ...rest, signed_at: signed_at.toISOString() }));
  }
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** Prepared once per connection. */
interface Statement {
  readonly name: string;
  readonly text: string;
}

const COLUMNS = 'id, document_id, signer_email, signer_name, signed_at, host(ip_address) AS ip_address' as const;

const INSERT: Statement = {
  name: 'signature_insert',
  text: `INSERT INTO signatures.signatures (id, document_id, signer_email, signer_name, signature_key, ip_address)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
};
const FIND: Statement = { name: 'signature_find', text: `SELECT ${COLUMNS} FROM signatures.signatures WHERE id = $1` };
const KEY: Statement = { name: 'signature_key', text: 'SELECT signature_key FROM signatures.signatures WHERE id = $1' };
const LIST: Statement = {
  name: 'signature_list',
  text: `SELECT ${COLUMNS} FROM signatures.signatures ORDER BY signed_at DESC, id DESC LIMIT $1 OFFSET $2`,
};
const OF_DOCUMENT: Statement = {
  name: 'signature_of_document',
  text: `SELECT ${COLUMNS} FROM signatures.signatures WHERE document_id = $1 ORDER BY signed_at, id`,
};
const EXISTING: Statement = {
  name: 'signature_existing',
  text: 'SELECT id FROM signatures.signatures WHERE id = ANY ($1::uuid[])',
};
const REMOVE: Statement = { name: 'signature_remove', text: 'DELETE FROM signatures.signatures WHERE id = $1' };

type Row = Omit<Signature, 'signed_at'> & { readonly signed_at: Date };
