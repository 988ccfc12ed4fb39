import type { Pool } from 'pg';
import type { Document } from '../document/document.js';

/** A document as the page's list shows it: what the projection keeps. */
export type FeedDocument = Omit<Document, 's3_key'>;

/** The newest documents of the projection `projections.documents`, which the change stream keeps. */
export async function newestInFeed(pool: Pool, limit: number): Promise<FeedDocument[]> {
  const { rows } = await pool.query(
    `SELECT id, title, content_type, content_size, status, created_by, created_at, updated_at, version
     FROM projections.documents ORDER BY created_at DESC, id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}
