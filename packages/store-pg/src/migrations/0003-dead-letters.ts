import type { Migration } from './migration.js';

/**
 * Dead letters, what was done with them, and how often events that are still being tried were tried.
 *
 * `event` is text, not jsonb, which refuses U+0000. Events and keys are found by their SHA-256, for an index takes no value of
 * more than 2.7 kB. Of an event that waits there is one letter.
 */
export const deadLetters: Migration = {
  version: 3,
  name: 'dead letters',
  sql: (schema) => `
    CREATE TABLE ${schema}.dead_letters (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      pipeline text COLLATE "C" NOT NULL,
      sink text COLLATE "C" NOT NULL,
      lane text COLLATE "C" NOT NULL,
      resume text COLLATE "C" NOT NULL,
      within bigint NOT NULL,
      status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'requested', 'replayed', 'discarded')),
      parked boolean NOT NULL,
      event_id text COLLATE "C" NOT NULL,
      event_key text COLLATE "C",
      event_hash bytea NOT NULL,
      key_hash bytea,
      event text NOT NULL,
      original bytea,
      stage text NOT NULL,
      cause_code text NOT NULL,
      cause_message text NOT NULL,
      attempts bigint NOT NULL,
      at timestamptz NOT NULL,
      changed_at timestamptz NOT NULL DEFAULT now(),
      CHECK ((event_key IS NULL) = (key_hash IS NULL))
    );
    CREATE INDEX dead_letters_listing ON ${schema}.dead_letters (pipeline, status, id);
    CREATE INDEX dead_letters_of_key ON ${schema}.dead_letters (pipeline, key_hash, id) WHERE key_hash IS NOT NULL;
    CREATE UNIQUE INDEX dead_letters_open ON ${schema}.dead_letters (pipeline, sink, event_hash)
      WHERE status IN ('waiting', 'requested');
    CREATE INDEX dead_letters_parked ON ${schema}.dead_letters (pipeline, sink, key_hash)
      WHERE parked AND status IN ('waiting', 'requested');
    CREATE INDEX dead_letters_requested ON ${schema}.dead_letters (pipeline, sink, id) WHERE status = 'requested';

    CREATE TABLE ${schema}.dead_letter_actions (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      letter bigint NOT NULL REFERENCES ${schema}.dead_letters ON DELETE CASCADE,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      by text NOT NULL,
      action text NOT NULL CHECK (action IN ('put', 'edited', 'requested', 'replayed', 'failed', 'discarded')),
      note text
    );
    CREATE INDEX dead_letter_actions_of_letter ON ${schema}.dead_letter_actions (letter, id);

    CREATE TABLE ${schema}.dead_letter_attempts (
      pipeline text COLLATE "C" NOT NULL,
      sink text COLLATE "C" NOT NULL,
      event_hash bytea NOT NULL,
      event_id text COLLATE "C" NOT NULL,
      attempts bigint NOT NULL CHECK (attempts > 0),
      noted_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (pipeline, sink, event_hash)
    );
  `,
};
