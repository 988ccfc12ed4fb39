import type { Pool } from 'pg';

/** Makes the service's table where it is missing; that of documents is there. Safe to run at each start, and by several at once. */
export async function createSignatureTables(pool: Pool): Promise<void> {
  await pool.query(TABLES);
}

/** One statement list, sent as one: Postgres runs it in one transaction. */
const TABLES = `
SELECT pg_advisory_xact_lock(hashtext('document-signing tables'));

CREATE SCHEMA IF NOT EXISTS signatures;

CREATE TABLE IF NOT EXISTS signatures.signatures (
  id            uuid PRIMARY KEY DEFAULT uuidv7(),
  document_id   uuid NOT NULL REFERENCES documents.documents (id) ON DELETE CASCADE,
  signer_email  text NOT NULL,
  signer_name   text NOT NULL CHECK (char_length(signer_name) BETWEEN 1 AND 255),
  signed_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  signature_key text,
  ip_address    inet
);
ALTER TABLE signatures.signatures REPLICA IDENTITY FULL;
CREATE UNIQUE INDEX IF NOT EXISTS signatures_once ON signatures.signatures (document_id, lower(signer_email));
CREATE INDEX IF NOT EXISTS signatures_of_document ON signatures.signatures (document_id, signed_at, id);
CREATE INDEX IF NOT EXISTS signatures_newest ON signatures.signatures (signed_at DESC, id DESC);
`;
