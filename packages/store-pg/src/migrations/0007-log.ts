import type { Migration } from './migration.js';

/**
 * Topics, their partitions and the events. The row of a partition is locked by whoever appends, until the commit: so offsets have no
 * gaps, and a later one never shows before an earlier one. Most of each of its pages stays free, so that it is updated in place.
 */
export const log: Migration = {
  version: 7,
  name: 'log',
  sql: (schema) => `
    CREATE TABLE ${schema}.log_identity (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      id uuid NOT NULL DEFAULT gen_random_uuid()
    );
    INSERT INTO ${schema}.log_identity DEFAULT VALUES;
    CREATE TABLE ${schema}.log_topics (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      partitions integer NOT NULL CHECK (partitions > 0),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE ${schema}.log_partitions (
      topic integer NOT NULL REFERENCES ${schema}.log_topics,
      partition integer NOT NULL,
      first_offset bigint NOT NULL DEFAULT 0,
      next_offset bigint NOT NULL DEFAULT 0,
      bytes bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 10);
    COMMENT ON COLUMN ${schema}.log_partitions.first_offset IS 'The oldest event that is left; what lies before was trimmed.';
    COMMENT ON COLUMN ${schema}.log_partitions.bytes IS 'What the events that are left take, about.';
    CREATE TABLE ${schema}.log_events (
      topic integer NOT NULL,
      partition integer NOT NULL,
      log_offset bigint NOT NULL,
      id text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL,
      source text COLLATE "C" NOT NULL,
      key text COLLATE "C",
      time_ms bigint,
      epoch text COLLATE "C" NOT NULL,
      version numeric NOT NULL,
      headers text COLLATE "C",
      data bytea,
      bytes integer NOT NULL,
      appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (topic, partition, log_offset)
    );
    COMMENT ON COLUMN ${schema}.log_events.data IS 'NULL for a deletion.';
  `,
};
