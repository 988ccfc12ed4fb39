import type pg from 'pg';
import { connect, disconnect, query } from '../connection/connect.js';
import type { Connection } from '../connection/settings.js';
import { parseLsn } from '../wire/lsn.js';

/** A snapshot that others can use until it is let go. */
export interface ExportedSnapshot {
  readonly name: string;
  /** A log position not after the snapshot's own. */
  readonly lsn: number;
  /** A log position behind the commit of every transaction that the snapshot sees, and perhaps of a few more. */
  readonly seenBelow: number;
  release(): void;
}

/** Takes a snapshot now and holds it open, for a slot that exists already. */
export async function exportSnapshot(connection: Connection, signal: AbortSignal): Promise<ExportedSnapshot> {
  const client: pg.Client = await connect(connection, false, { signal });
  try {
    await query(client, 'snapshot', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [row] = await query(client, 'snapshot', `SELECT ${CURRENT_LSN}::text AS lsn, pg_export_snapshot() AS name`);
    const [later] = await query(client, 'snapshot', `SELECT ${END_OF_WAL}::text AS lsn`);
    return {
      name: row?.['name'] ?? '',
      lsn: parseLsn(row?.['lsn'] ?? '0/0'),
      seenBelow: parseLsn(later?.['lsn'] ?? '0/0'),
      release: () => disconnect(client),
    };
  } catch (error) {
    disconnect(client);
    throw error;
  }
}

/** SQL for how far the WAL is on disk here; on a standby: how far it was replayed. */
export const CURRENT_LSN =
  'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END';

/** SQL for the end of the WAL, on disk or not; on a standby: of what came, which is ahead of what can be seen. */
const END_OF_WAL =
  'CASE WHEN pg_is_in_recovery() THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_insert_lsn() END';
