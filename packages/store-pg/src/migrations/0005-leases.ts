import type { Migration } from './migration.js';

/**
 * One row for each resource that was held lately, found by its SHA-256, for an index takes no name of more than 2.7 kB. Fences come from one sequence: they go on growing when a row, long expired, was
 * removed.
 */
export const leases: Migration = {
  version: 5,
  name: 'leases',
  sql: (schema) => `
    CREATE SEQUENCE ${schema}.lease_fences AS bigint;
    CREATE TABLE ${schema}.leases (
      resource_hash bytea PRIMARY KEY,
      resource text COLLATE "C" NOT NULL,
      owner text COLLATE "C",
      fence bigint NOT NULL,
      expires_at timestamptz NOT NULL
    ) WITH (fillfactor = 50);
    COMMENT ON COLUMN ${schema}.leases.owner IS 'NULL once it was released.';
    CREATE INDEX leases_by_end ON ${schema}.leases (expires_at);
  `,
};
