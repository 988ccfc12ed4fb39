import { ComponentError } from '@sluice/contracts';
import { escapeIdentifier, type PoolClient, type QueryResultRow } from 'pg';
import { checkSchema } from '../checkpoints/postgres-checkpoints.js';
import { named } from '../checkpoints/save-statement.js';
import { fromPostgres } from '../failure/postgres-errors.js';
import { migrate } from '../migrations/migrate.js';
import { type Connection, checkConnection, inTransaction, openConnection } from './connection.js';
import { checkTimeout, STATEMENT_TIMEOUT_MS } from './time-limits.js';

/** Where a store is. */
export interface StoreOptions {
  readonly connection: Connection;
  /** Where its tables are, or are made. Default: `sluice`. */
  readonly schema?: string;
  /** The most connections, where no pool is handed in. Default: 4. */
  readonly maxConnections?: number;
  /** How long a statement may take, in milliseconds, where no pool is handed in. Default: 60,000. */
  readonly statementTimeoutMs?: number;
}

/** What a store asks its database by. The schema is brought up to date before the first question. */
export interface StoreConnection {
  /** Quoted, for a statement: the table or sequence of this name. */
  name(table: string): string;
  /** The rows of one prepared statement. `doing` completes "while …". */
  rows<Row extends QueryResultRow>(doing: string, sql: string, values: unknown[]): Promise<readonly Row[]>;
  /** `work` in one transaction. */
  transaction<T>(doing: string, work: (ask: Ask) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** The rows of one prepared statement within a transaction. */
export type Ask = <Row extends QueryResultRow>(sql: string, values: unknown[]) => Promise<readonly Row[]>;

/** @throws ComponentError `OPTIONS_INVALID`; the methods reject with `STORE_PG_*`. */
export function storeConnection(options: StoreOptions): StoreConnection {
  const { connection, maxConnections = 4, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  checkConnection(connection);
  const schema = checkSchema(options.schema);
  const limits = {
    max: checkCount('maxConnections', maxConnections),
    statementTimeoutMs: checkTimeout(statementTimeoutMs),
  };
  const { pool, end } = openConnection(connection, limits);
  let migrated: Promise<unknown> | undefined;
  const ready = () => {
    migrated ??= migrate(pool, { schema }).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
  };
  return {
    name: (table) => `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`,
    async rows<Row extends QueryResultRow>(doing: string, sql: string, values: unknown[]) {
      await ready();
      try {
        return (await pool.query<Row>(named(sql, values))).rows;
      } catch (error) {
        throw fromPostgres(error, doing);
      }
    },
    async transaction(doing, work) {
      await ready();
      return inTransaction(pool, doing, (client) => work(asking(client)));
    },
    end,
  };
}

/** @throws ComponentError `OPTIONS_INVALID` unless it is a whole number above 0. */
export function checkCount(option: string, count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new ComponentError('OPTIONS_INVALID', `${option}: give a whole number above 0`);
}

function asking(client: PoolClient): Ask {
  return async <Row extends QueryResultRow>(sql: string, values: unknown[]) =>
    (await client.query<Row>(named(sql, values))).rows;
}
