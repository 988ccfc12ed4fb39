import pg, { type ClientConfig } from 'pg';

/** A connection string, or what the `pg` package takes; what is missing comes from PG* variables and `~/.pgpass`. */
export type Connection = string | ClientConfig;

/** What `pg` is given for one connection. */
export function clientConfig(connection: Connection, replication: boolean): ClientConfig {
  const given = typeof connection === 'string' ? { connectionString: connection } : connection;
  return {
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice-cdc',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...given,
    ...(replication ? { replication: 'database' } : {}),
  } as ClientConfig;
}

/** Whether `pg` can make something of it. What is wrong with it is not told: the reason may quote a password. */
export function isReadable(connection: unknown): connection is Connection {
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null)) return false;
  if (Array.isArray(connection)) return false;
  try {
    new pg.Client(clientConfig(connection, true));
    return true;
  } catch {
    return false; // an invalid URL, a certificate that is not there
  }
}

/** Makes the text of values the same in every session, hides no rows, and keeps time-outs of the role from ending long reads. */
export const SESSION_SETTINGS = [
  `SET client_encoding = 'UTF8'`,
  `SET datestyle = 'ISO, MDY'`,
  `SET intervalstyle = 'postgres'`,
  `SET timezone = 'UTC'`,
  `SET bytea_output = 'hex'`,
  'SET extra_float_digits = 3',
  `SET client_min_messages = 'warning'`,
  // Rows that a policy hides would be missing without a word: with this the read is refused instead.
  'SET row_security = off',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  withoutLimit('idle_session_timeout', 140_000),
  withoutLimit('transaction_timeout', 170_000),
].join('; ');

/** For settings that older servers do not know. */
function withoutLimit(setting: string, since: number): string {
  return `SELECT set_config('${setting}', '0', false) WHERE current_setting('server_version_num')::int >= ${since}`;
}
