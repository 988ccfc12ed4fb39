import pg from 'pg';

/**
 * A pool of connections to one database.
 *
 * An error on a connection that nobody uses at the moment (the server stops, also while the connection is being closed) has no query to
 * fail: the connection is dropped, and the next query opens another.
 */
export function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 10, application_name: 'document-signing' });
  const drop = () => undefined;
  pool.on('error', drop);
  pool.on('connect', (client) => client.on('error', drop));
  return pool;
}
