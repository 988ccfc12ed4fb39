import type pg from 'pg';
import { mapError } from '../failure/map-error.js';
import { abortable, type Limits } from './abortable.js';
import { connect, disconnect, query } from './connect.js';
import type { Connection } from './settings.js';

/** Who is at the other end. */
export interface ClusterIdentity {
  readonly systemId: string;
  readonly timeline: string;
  readonly database: string;
}

/** A connection in replication mode that has not begun to stream. */
export interface ReplicationClient {
  readonly client: pg.Client;
  readonly identity: ClusterIdentity;
  /** As `server_version_num`: 180004. */
  readonly serverVersion: number;
  /** The server ends a link that was silent for this long; 0: never. */
  readonly walSenderTimeoutMs: number;
}

/** Connects in replication mode and asks who is there. */
export async function connectReplication(connection: Connection, limits: Limits): Promise<ReplicationClient> {
  const client = await connect(connection, true, limits);
  try {
    return await abortable(client, limits, () => identify(client));
  } catch (error) {
    disconnect(client);
    throw mapError(error, 'connect');
  }
}

async function identify(client: pg.Client): Promise<ReplicationClient> {
  const [system] = await query(client, 'connect', 'IDENTIFY_SYSTEM');
  const [settings] = await query(
    client,
    'connect',
    `SELECT current_setting('server_version_num') AS version,
         (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout') AS timeout`,
  );
  return {
    client,
    identity: {
      systemId: system?.['systemid'] ?? '',
      timeline: system?.['timeline'] ?? '',
      database: system?.['dbname'] ?? '',
    },
    serverVersion: Number(settings?.['version']),
    walSenderTimeoutMs: Number(settings?.['timeout']),
  };
}
