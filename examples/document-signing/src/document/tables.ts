import type { Pool } from 'pg';
import { STATUSES } from './status.js';

/** Makes the service's table where it is missing. Safe to run at each start, and by several at once. */
export async function createDocumentTables(pool: Pool): Promise<void> {
  await pool.query(TABLES);
}

/** One statement list, sent as one: Postgres runs it in one transaction. */
const TABLES = `
SELECT pg_advisory_xact_lock(hashtext('document-signing tables'));

CREATE SCHEMA IF NOT EXISTS documents;

CREATE TABLE IF NOT EXISTS documents.documents (
  id           uuid PRIMARY KEY DEFAULT uuidv7(),
  title        text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 255),
  content_type text NOT NULL,
  content_size integer NOT NULL CHECK (content_size >= 0),
  s3_key       text NOT NULL CHECK (s3_key = id::text || '/content'),
  status       text NOT NULL DEFAULT 'created' CHECK (status IN (${STATUSES.map((status) => `'${status}'`).join(', ')})),
  created_by   text NOT NULL,
  created_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version      integer NOT NULL DEFAULT 1
);
ALTER TABLE documents.documents REPLICA IDENTITY FULL;
CREATE INDEX IF NOT EXISTS documents_newest ON documents.documents (created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS documents_by_status ON documents.documents (status, created_at DESC);
CREATE INDEX IF NOT EXISTS documents_by_author ON documents.documents (created_by, created_at DESC);

CREATE OR REPLACE FUNCTION documents.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON documents.documents
  FOR EACH ROW EXECUTE FUNCTION documents.touch();
`;
