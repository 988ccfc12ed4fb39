import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { splitTableName, type TableName, type TableRef } from '../change/table-ref.js';
import { type Connection, isReadable } from '../connection/settings.js';
import type { ReconnectOptions } from '../replication/backoff.js';

/** Options of {@link postgresChanges}. */
export interface PostgresChangesOptions<Tables extends readonly (string | TableRef<unknown>)[]> {
  /** A connection string, or what `pg` takes. What is missing comes from the PG* variables and `~/.pgpass`. */
  readonly connection: Connection;
  /** `schema.name`, or {@link table}. Give these, or a publication that exists. */
  readonly tables?: Tables;
  /**
   * With `tables`: what the publication for them is called (default: as the slot), and whether it may be created and
   * altered (default: true). Without: one that exists.
   */
  readonly publication?: string | { readonly name: string; readonly create?: boolean };
  /** Letters a–z, digits and `_`, at most 63. `create` (default true): made at the first start; false: adopted, and what it repeats of the snapshot is marked `SUPERSEDED` until the next restart. `temporary`: gone with the connection. */
  readonly slot: string | { readonly name: string; readonly create?: boolean; readonly temporary?: boolean };
  /** `initial` (default): the rows that are there come first, as `read` changes. */
  readonly snapshot?: 'initial' | 'never';
  /** How many tables of the snapshot are read at once, each over a connection of its own. Default: 2. */
  readonly snapshotConnections?: number;
  /** Whether `pg_logical_emit_message` makes `message` changes. Default: false. */
  readonly messages?: boolean;
  /** How often the server is told what is confirmed, in milliseconds. Default: 1,000. */
  readonly statusIntervalMs?: number;
  /** A link without a byte for this long is given up, in milliseconds. Default: 60,000. */
  readonly linkTimeoutMs?: number;
  readonly reconnect?: ReconnectOptions;
  /** How long bytes may gather while they come hot, in milliseconds; 0 turns it off. Default: 1. */
  readonly coalesceMs?: number;
  /** The largest single change, in bytes of the wire. Default: 256 MiB. */
  readonly maxMessageBytes?: number;
  /** Default: `postgres:` and the slot. */
  readonly name?: string;
}

/** The same, checked and complete. */
export interface Settings {
  readonly name: string;
  readonly connection: Connection;
  readonly tables: readonly TableName[] | undefined;
  readonly publication: string;
  readonly createPublication: boolean;
  readonly slot: string;
  readonly createSlot: boolean;
  readonly temporary: boolean;
  readonly snapshot: boolean;
  readonly snapshotConnections: number;
  readonly messages: boolean;
  readonly statusIntervalMs: number;
  readonly linkTimeoutMs: number;
  readonly reconnect: Required<ReconnectOptions>;
  readonly wire: { readonly coalesceMs: number; readonly maxMessageBytes: number };
}

const MIB = 1024 * 1024;

const OPTIONS: readonly (keyof PostgresChangesOptions<readonly string[]>)[] = [
  'connection',
  'tables',
  'publication',
  'slot',
  'snapshot',
  'snapshotConnections',
  'messages',
  'statusIntervalMs',
  'linkTimeoutMs',
  'reconnect',
  'coalesceMs',
  'maxMessageBytes',
  'name',
];

/** @throws ComponentError `OPTIONS_INVALID`, naming the option */
export function parseOptions(options: PostgresChangesOptions<readonly (string | TableRef<unknown>)[]>): Settings {
  refuseUnknownOptions('postgresChanges', options, OPTIONS);
  const slot = typeof options.slot === 'string' ? { name: options.slot } : options.slot;
  if (slot === undefined) throw invalid('slot', 'is missing');
  refuseUnknownOptions('slot', slot, ['name', 'create', 'temporary']);
  if (!/^[a-z0-9_]{1,63}$/.test(slot.name)) throw invalid('slot', 'must match [a-z0-9_]{1,63}');
  const publication = typeof options.publication === 'string' ? { name: options.publication } : options.publication;
  const tables = options.tables && distinct(options.tables.map(parseTable));
  if (tables === undefined && publication === undefined) throw invalid('tables', 'give tables or a publication');
  if (tables?.length === 0) throw invalid('tables', 'must not be empty');
  if (publication !== undefined && !isName(publication.name)) throw invalid('publication', NOT_A_NAME);
  const { snapshot = 'initial' } = options;
  if (snapshot !== 'initial' && snapshot !== 'never') throw invalid('snapshot', "must be 'initial' or 'never'");
  if (options.connection === '') throw invalid('connection', 'is empty; {} takes the PG* variables');
  if (!isReadable(options.connection)) throw invalid('connection', 'cannot be read; {} takes the PG* variables');
  return {
    name: options.name ?? `postgres:${slot.name}`,
    connection: options.connection,
    tables,
    publication: publication?.name ?? slot.name,
    createPublication: publication?.create ?? true,
    slot: slot.name,
    createSlot: slot.create ?? true,
    temporary: slot.temporary ?? false,
    snapshot: snapshot === 'initial',
    snapshotConnections: Math.floor(within('snapshotConnections', options.snapshotConnections ?? 2, 1, 100)),
    messages: options.messages ?? false,
    statusIntervalMs: within('statusIntervalMs', options.statusIntervalMs ?? 1000, 10, 3_600_000),
    linkTimeoutMs: within('linkTimeoutMs', options.linkTimeoutMs ?? 60_000, 100, 86_400_000),
    reconnect: {
      initialDelayMs: within('reconnect.initialDelayMs', options.reconnect?.initialDelayMs ?? 100, 1, 3_600_000),
      maxDelayMs: within('reconnect.maxDelayMs', options.reconnect?.maxDelayMs ?? 5000, 1, 3_600_000),
      giveUpAfterMs: within('reconnect.giveUpAfterMs', options.reconnect?.giveUpAfterMs ?? 60_000, 0, 86_400_000),
    },
    wire: {
      coalesceMs: within('coalesceMs', options.coalesceMs ?? 1, 0, 1000),
      maxMessageBytes: within('maxMessageBytes', options.maxMessageBytes ?? 256 * MIB, 1024, 1024 * MIB),
    },
  };
}

function parseTable(table: string | TableRef<unknown>): TableName {
  const text = typeof table === 'string' ? table : table.name;
  const name = splitTableName(text);
  if (!name || !isName(name.schema) || !isName(name.name)) throw invalid('tables', 'each must be schema.name');
  return name;
}

function distinct(tables: readonly TableName[]): readonly TableName[] {
  return [...new Map(tables.map((table) => [`${table.schema}\0${table.name}`, table])).values()];
}

const NOT_A_NAME = 'must be a name of 1 to 63 bytes';

/** Longer names are cut off by Postgres in some places and not found in others. */
function isName(name: string): boolean {
  return typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= 63;
}

function within(option: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw invalid(option, `must be a number from ${least} to ${most}`);
}

function invalid(option: string, what: string): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `${option}: ${what}`, { details: { option } });
}
