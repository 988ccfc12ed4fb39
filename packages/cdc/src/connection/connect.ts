import pg from 'pg';
import { type Activity, mapError } from '../failure/map-error.js';
import { abortable, destroy, type Limits } from './abortable.js';
import { type Connection, clientConfig, SESSION_SETTINGS } from './settings.js';

/** A row of a query whose values are left as texts. */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * Opens a connection, in replication mode or not. An error that it has while nobody uses it is left to its next use.
 * `limits` hold until it is open.
 *
 * @throws ComponentError `CDC_AUTH_FAILED`, `CDC_CONNECTION_LOST` and others
 */
export async function connect(connection: Connection, replication: boolean, limits?: Limits): Promise<pg.Client> {
  const client = new pg.Client({ ...clientConfig(connection, replication), types: { getTypeParser: () => asText } });
  client.on('error', () => {
    // Told again by the query or the socket that runs into it.
  });
  try {
    await (limits ? abortable(client, limits, () => begin(client)) : begin(client));
    return client;
  } catch (error) {
    disconnect(client);
    throw mapError(error, 'connect');
  }
}

async function begin(client: pg.Client): Promise<void> {
  await client.connect();
  await client.query(SESSION_SETTINGS);
}

/** Opens a connection for `use` and closes it after. `limits` hold for all of it. */
export async function withConnection<T>(
  connection: Connection,
  use: (client: pg.Client) => Promise<T>,
  limits?: Limits,
): Promise<T> {
  const client = await connect(connection, false, limits);
  try {
    return await (limits ? abortable(client, limits, () => use(client)) : use(client));
  } finally {
    disconnect(client);
  }
}

/** Runs a query; values come as texts. */
export async function query(
  client: pg.Client,
  activity: Activity,
  sql: string,
  values?: readonly unknown[],
): Promise<readonly TextRow[]> {
  try {
    const result = await (values ? client.query<TextRow>(sql, [...values]) : client.query<TextRow>(sql));
    return result.rows;
  } catch (error) {
    throw mapError(error, activity);
  }
}

/** How long a server has to answer the end of a connection. */
const FAREWELL_MS = 500;

/** Closes a connection without waiting: nothing of ours depends on its end. */
export function disconnect(client: pg.Client): void {
  // A server that is out of reach never answers.
  const timer = setTimeout(() => destroy(client), FAREWELL_MS);
  client.end().then(
    () => clearTimeout(timer),
    () => clearTimeout(timer), // It was gone already.
  );
}

function asText(value: unknown): unknown {
  return value;
}
