import { ComponentError, refuseUnknownOptions, type Sink } from '@sluice/contracts';
import { checkpointsOn, checkSchema } from '../checkpoints/postgres-checkpoints.js';
import { type Connection, checkConnection, openConnection } from '../connection/connection.js';
import { tableName } from '../connection/table-name.js';
import { checkTimeout, STATEMENT_TIMEOUT_MS } from '../connection/time-limits.js';
import { migrate } from '../migrations/migrate.js';
import type { Row } from './row-change.js';
import { readTable } from './table.js';
import { TableWriter } from './table-writer.js';

/** Which table a sink writes, and how. */
export interface TableSinkOptions {
  readonly connection: Connection;
  /** `table` or `schema.table`, letter by letter. */
  readonly table: string;
  /** The columns that name a row: the primary key, or those of a unique index. In the order of the events' keys. */
  readonly key: readonly string[];
  /** The columns to write, besides the key. Default: all that a row has; one that the table lacks is an error then. */
  readonly columns?: readonly string[];
  /** Where the checkpoints are. Default: `sluice`. */
  readonly schema?: string;
  /** Names the sink in checkpoints. Default: `table:` and the table. */
  readonly name?: string;
  /** The most events in one transaction. Default: 5,000. */
  readonly maxEvents?: number;
  /** The most connections, where no pool is handed in. Default: 4. */
  readonly maxConnections?: number;
  /** How long a statement may take, in milliseconds, where no pool is handed in. Default: 60,000. */
  readonly statementTimeoutMs?: number;
}

/**
 * Keeps a table equal to a stream of rows: an event with data writes its row, one without deletes it. Columns that are
 * `UNCHANGED` stay as they are; columns that the table computes itself are left to it.
 *
 * A row with an `UNCHANGED` column is updated and never inserted, since a value would be missing: without a row there, the
 * event fails with `STORE_PG_ROW_MISSING`. Where such an event has a `previousKey` that the event before it deletes, the row
 * is moved to its new key instead, and keeps the value. An event with the header `SUPERSEDED` is let go where it would
 * fail for a missing row.
 *
 * Atomic: rows and checkpoints are written in one transaction, so after a crash no event is lost or applied twice. Changes
 * of one key within a write become one. Events whose values Postgres refuses, or whose row is missing, are named in a
 * `BatchError`, and nothing is written then.
 *
 * @throws ComponentError `OPTIONS_INVALID`; opening rejects with `STORE_PG_TABLE_UNKNOWN`, `STORE_PG_COLUMN_UNKNOWN`,
 * `STORE_PG_KEY_NOT_UNIQUE`; writing with `CHECKPOINT_FENCED`, `STORE_PG_*`.
 */
export function tableSink(options: TableSinkOptions): Sink<Row> {
  refuseUnknownOptions('tableSink', options, [
    'connection',
    'table',
    'key',
    'columns',
    'schema',
    'name',
    'maxEvents',
    'maxConnections',
    'statementTimeoutMs',
  ]);
  checkConnection(options.connection);
  const schema = checkSchema(options.schema);
  const name = tableName(options.table);
  const key = checkColumns('key', options.key, 1);
  const columns = options.columns && checkColumns('columns', options.columns, 0);
  const wanted = columns && new Set([...key, ...columns]);
  const maxEvents = checkCount('maxEvents', options.maxEvents ?? 5_000);
  const limits = {
    max: checkCount('maxConnections', options.maxConnections ?? 4),
    statementTimeoutMs: checkTimeout(options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS),
  };

  return {
    name: options.name ?? `table:${options.table}`,
    features: { delivery: 'atomic', maxEvents },
    async open() {
      const { pool, end } = openConnection(options.connection, limits);
      try {
        await migrate(pool, { schema });
        const table = await readTable(pool, name, key);
        const writer = new TableWriter(pool, schema, table, wanted);
        return {
          checkpoints: checkpointsOn(pool, schema, async () => undefined),
          write: (events, ctx) => writer.write(events, ctx),
          [Symbol.asyncDispose]: end,
        };
      } catch (error) {
        await end();
        throw error;
      }
    },
  };
}

function checkColumns(option: string, columns: readonly string[], least: number): readonly string[] {
  const named = Array.isArray(columns) && columns.every((column) => typeof column === 'string' && column !== '');
  if (named && columns.length >= least && new Set(columns).size === columns.length) return columns;
  throw new ComponentError(
    'OPTIONS_INVALID',
    `${option}: give different names of columns${least ? ', one at least' : ''}`,
  );
}

function checkCount(option: string, count: number): number {
  if (Number.isInteger(count) && count > 0) return count;
  throw new ComponentError('OPTIONS_INVALID', `${option}: give a whole number above 0`);
}
