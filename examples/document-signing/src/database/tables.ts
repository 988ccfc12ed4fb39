import type { Pool } from 'pg';
import { createDocumentTables } from '../document/tables.js';

/** Makes the tables where they are missing. Safe to run at each start, and by several at once. */
export async function createTables(pool: Pool): Promise<void> {
  await createDocumentTables(pool);
  await pool.query(TABLES);
}

/** One statement list, sent as one: Postgres runs it in one transaction. */
const TABLES = `
SELECT pg_advisory_xact_lock(hashtext('document-signing tables'));

CREATE SCHEMA IF NOT EXISTS projections;

CREATE TABLE IF NOT EXISTS projections.documents (
  id           uuid PRIMARY KEY,
  title        text NOT NULL,
  content_type text NOT NULL,
  content_size integer NOT NULL,
  status       text NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  version      integer NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_newest ON projections.documents (created_at DESC, id DESC);
`;
