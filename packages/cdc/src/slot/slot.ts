import { ComponentError } from '@sluice/contracts';
import type pg from 'pg';
import { query } from '../connection/connect.js';
import { quoteName, quoteText } from '../connection/quote.js';
import { parseLsn } from '../wire/lsn.js';

/** What pg_replication_slots says of a slot. */
export interface SlotState {
  /** Log position up to which its reader has confirmed; undefined while the slot is still being created. */
  readonly confirmed: number | undefined;
  /** The server process through which somebody reads it now. */
  readonly reader?: number;
}

/**
 * Looks a slot up, through a connection of either mode; `undefined` when there is none.
 *
 * @throws ComponentError `CDC_SLOT_INVALIDATED`, `CDC_SLOT_UNSUITABLE`
 */
export async function findSlot(client: pg.Client, name: string): Promise<SlotState | undefined> {
  const [row] = await query(
    client,
    'slot',
    `SELECT row_to_json(s)::text AS slot, current_database() AS here
     FROM (SELECT * FROM pg_catalog.pg_replication_slots WHERE slot_name = ${quoteText(name)}) s`,
  );
  if (!row?.['slot']) return undefined;
  const slot = JSON.parse(row['slot']) as Record<string, string | boolean | null>;
  const details = { slot: name };
  if (slot['wal_status'] === 'lost' || (slot['invalidation_reason'] ?? null) !== null) {
    throw new ComponentError('CDC_SLOT_INVALIDATED', `slot ${name} has lost its WAL`, { details });
  }
  if (slot['plugin'] !== 'pgoutput' || slot['database'] !== row['here']) {
    throw new ComponentError('CDC_SLOT_UNSUITABLE', `slot ${name} is not a pgoutput slot of this database`, {
      details,
    });
  }
  const confirmed = slot['confirmed_flush_lsn'];
  const reader = Number(slot['active_pid'] ?? 0);
  return {
    confirmed: typeof confirmed === 'string' ? parseLsn(confirmed) : undefined,
    ...(reader > 0 ? { reader } : {}),
  };
}

/** A slot as CREATE_REPLICATION_SLOT made it. */
export interface CreatedSlot {
  /** Every transaction that commits after this is streamed, none before it. */
  readonly consistentPoint: number;
  /** Of all that committed before it. Valid until the next command on the connection; null if not asked for. */
  readonly snapshot: string | null;
}

/** Creates a slot through a connection in replication mode. Waits for every transaction that is open in the cluster. */
export async function createSlot(
  client: pg.Client,
  name: string,
  options: { readonly temporary: boolean; readonly snapshot: boolean; readonly serverVersion: number },
): Promise<CreatedSlot> {
  const kind = options.snapshot ? 'export' : 'nothing';
  const legacy = options.snapshot ? 'EXPORT_SNAPSHOT' : 'NOEXPORT_SNAPSHOT';
  const how = options.serverVersion >= 150_000 ? `(SNAPSHOT '${kind}')` : legacy;
  const [row] = await query(
    client,
    'slot',
    `CREATE_REPLICATION_SLOT ${quoteName(name)} ${options.temporary ? 'TEMPORARY ' : ''}LOGICAL pgoutput ${how}`,
  );
  return { consistentPoint: parseLsn(row?.['consistent_point'] ?? '0/0'), snapshot: row?.['snapshot_name'] ?? null };
}

/** Who holds a slot's creation up: the processes whose transactions have an id. */
export async function openTransactions(client: pg.Client): Promise<readonly string[]> {
  const rows = await query(
    client,
    'query',
    `SELECT pid::text AS pid FROM pg_catalog.pg_stat_activity
     WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 20`,
  );
  return rows.map((row) => row['pid'] ?? '');
}
