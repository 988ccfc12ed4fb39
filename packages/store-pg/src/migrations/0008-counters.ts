import type { Migration } from './migration.js';

/**
 * Totals, and members by hash.
 *
 * Both functions take the rows of `counters` in the order of their keys, and hold them until they are done: so two that count the same
 * keys wait for each other and never deadlock, and one that removes a key never meets half a count. Each of their statements sees
 * what those before it waited for.
 */
export const counters: Migration = {
  version: 8,
  name: 'counters',
  sql: (schema) => `
    CREATE TABLE ${schema}.counters (
      key bytea PRIMARY KEY,
      total bigint NOT NULL,
      members bigint NOT NULL
    ) WITH (fillfactor = 50);
    COMMENT ON COLUMN ${schema}.counters.key IS 'In UTF-8.';

    CREATE TABLE ${schema}.counter_members (
      key bytea NOT NULL,
      member_hash bytea NOT NULL,
      PRIMARY KEY (key, member_hash)
    );
    COMMENT ON COLUMN ${schema}.counter_members.member_hash IS 'The first half of an HMAC-SHA-256.';

    CREATE TABLE ${schema}.counter_salt (salt bytea NOT NULL);
    INSERT INTO ${schema}.counter_salt
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

    CREATE FUNCTION ${schema}.count_up(given_keys bytea[], given_members bytea[], given_times bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ${schema}.counters AS stored (key, total, members)
      SELECT given.key, sum(given.times), 0 FROM unnest(given_keys, given_times) AS given (key, times)
      GROUP BY given.key ORDER BY given.key
      ON CONFLICT (key) DO UPDATE SET total = stored.total + excluded.total;

      WITH added AS (
        INSERT INTO ${schema}.counter_members AS stored (key, member_hash)
        SELECT given.key, given.member FROM unnest(given_keys, given_members) AS given (key, member)
        ON CONFLICT DO NOTHING
        RETURNING stored.key
      )
      UPDATE ${schema}.counters AS stored SET members = stored.members + newcomers.count
      FROM (SELECT added.key, count(*) AS count FROM added GROUP BY added.key) AS newcomers
      WHERE stored.key = newcomers.key;
    END $$;

    CREATE FUNCTION ${schema}.remove_counts(given_keys bytea[]) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE held bytea[];
    BEGIN
      SELECT array_agg(locked.key) INTO held FROM (
        SELECT stored.key FROM ${schema}.counters AS stored WHERE stored.key = ANY (given_keys)
        ORDER BY stored.key FOR UPDATE
      ) AS locked;
      DELETE FROM ${schema}.counter_members AS stored WHERE stored.key = ANY (held);
      DELETE FROM ${schema}.counters AS stored WHERE stored.key = ANY (held);
    END $$;
  `,
};
