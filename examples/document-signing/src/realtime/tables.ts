import type { Pool } from 'pg';

/** Makes the service's tables where they are missing. Safe to run at each start, and by several at once. */
export async function createRealtimeTables(pool: Pool): Promise<void> {
  await pool.query(TABLES);
}

/**
 * One statement list, sent as one: Postgres runs it in one transaction.
 *
 * `realtime.history` has one row: the epoch, made with the table, names the offsets; `head` is the last offset that was given. Whoever
 * writes events holds that row until the commit, so offsets grow in the order of commits and have no gaps.
 */
const TABLES = `
SELECT pg_advisory_xact_lock(hashtext('document-signing tables'));

CREATE SCHEMA IF NOT EXISTS realtime;

CREATE TABLE IF NOT EXISTS realtime.events (
  seq         bigint PRIMARY KEY,
  document_id uuid NOT NULL,
  event_id    text NOT NULL UNIQUE,
  type        text NOT NULL,
  data        jsonb NOT NULL,
  time        timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS events_by_document ON realtime.events (document_id, seq);

CREATE TABLE IF NOT EXISTS realtime.history (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  epoch    uuid NOT NULL DEFAULT gen_random_uuid(),
  head     bigint NOT NULL DEFAULT 0
);
INSERT INTO realtime.history DEFAULT VALUES ON CONFLICT DO NOTHING;
`;
