import pg from 'pg';

/** How long a statement may take, a transaction may wait for its process, and a request for a free connection, in milliseconds. */
const STATEMENT_MS = 15_000;
const IDLE_IN_TRANSACTION_MS = 10_000;
const CONNECT_MS = 10_000;
/** How much later than the server the client gives up: where the server still answers, it answers first. */
const GRACE_MS = 5_000;

/**
 * A pool of connections to one database, on which nobody waits for ever: neither for a lock that somebody holds, nor for a server that has
 * gone without a word. What it cannot do in time it rejects with errors that `isUnavailable` knows.
 *
 * An error on a connection that nobody uses at the moment (the server stops, also while the connection is being closed) has no query to
 * fail: the connection is dropped, and the next query opens another.
 */
export function openPool(connectionString: string, statementMs = STATEMENT_MS): pg.Pool {
  const limited = (client: pg.PoolClient) =>
    client.query(
      `SET statement_timeout = ${statementMs}; SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
    );
  const pool = new pg.Pool({
    connectionString,
    max: 40,
    application_name: 'document-signing',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: statementMs + GRACE_MS,
    keepAlive: true,
    // Not yet among the types of `pg`.
    ...({ onConnect: limited } as object),
  });
  const drop = () => undefined;
  pool.on('error', drop);
  pool.on('connect', (client) => client.on('error', drop));
  return pool;
}
