import type { Migration } from './migration.js';

/**
 * State of operators, and the inbox of events that are accounted for.
 *
 * A key is kept as its UTF-16 code units, most significant byte first: so it may be any text, and its bytes order as the
 * contract says. It is found by its SHA-256, for an index takes no value of more than 2.7 kB; of an id in the inbox nothing else
 * is kept. Revisions come from one sequence: a key that was removed and comes back goes on growing.
 */
export const state: Migration = {
  version: 4,
  name: 'state',
  sql: (schema) => `
    CREATE SEQUENCE ${schema}.state_revisions AS bigint;
    CREATE TABLE ${schema}.state (
      scope text COLLATE "C" NOT NULL,
      key_hash bytea NOT NULL,
      key bytea NOT NULL,
      value text NOT NULL,
      revision bigint NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (scope, key_hash)
    ) WITH (fillfactor = 80);
    CREATE INDEX state_by_key ON ${schema}.state (scope, substring(key from 1 for 1000));

    CREATE TABLE ${schema}.inbox (
      scope text COLLATE "C" NOT NULL,
      id_hash bytea NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (scope, id_hash)
    );
    CREATE INDEX inbox_by_time ON ${schema}.inbox (scope, seen_at);
  `,
};
