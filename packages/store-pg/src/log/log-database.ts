import { createHash } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';
import { Client, escapeIdentifier, type Pool, type PoolClient, type QueryResultRow } from 'pg';
import { named } from '../checkpoints/save-statement.js';
import { type OpenConnection, openConnection } from '../connection/connection.js';
import { fromPostgres } from '../failure/postgres-errors.js';
import { migrate } from '../migrations/migrate.js';
import type { LogSettings } from './log-options.js';

/**
 * The database of a log, for whoever uses it: opened for the first user, closed by the last. So a transport, which nobody closes,
 * holds no connection while nobody publishes or reads.
 */
export class LogDatabase {
  /** The channel of its notifications. */
  readonly channel: string;
  #open: OpenConnection | undefined;
  #users = 0;
  #ready: Promise<string> | undefined;

  constructor(private readonly settings: LogSettings) {
    this.channel = `sluice_log_${createHash('sha256').update(settings.schema).digest('hex').slice(0, 16)}`;
  }

  /** Resolves when the schema is up to date; each use is ended once, by `leave`. */
  async enter(): Promise<LogUse> {
    this.#users += 1;
    this.#open ??= openConnection(this.settings.connection, this.settings.limits);
    let left: Promise<void> | undefined;
    const leave = () => {
      left ??= this.#leave();
      return left;
    };
    const { pool } = this.#open;
    try {
      return { pool, identity: await this.#identity(pool), leave };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  /** Quoted, for a statement. */
  table(name: string): string {
    return `${escapeIdentifier(this.settings.schema)}.${escapeIdentifier(name)}`;
  }

  get schema(): string {
    return this.settings.schema;
  }

  async #leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    const open = this.#open;
    this.#open = undefined;
    await open?.end();
  }

  #identity(pool: Pool): Promise<string> {
    this.#ready ??= this.#prepare(pool).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #prepare(pool: Pool): Promise<string> {
    const { schema } = this.settings;
    await migrate(pool, { schema });
    const sql = `SELECT id::text AS id FROM ${this.table('log_identity')}`;
    const [row] = await rowsOf<{ id: string }>(pool, 'reading the identity of the log', sql, []);
    if (row === undefined) {
      throw new ComponentError('STORE_PG_REFUSED', `schema ${schema}: the log has no identity`, {
        details: { schema },
      });
    }
    return `log:${row.id}`;
  }
}

/** The database while it is used. */
export interface LogUse {
  readonly pool: Pool;
  /** Names the history that offsets belong to; a restored copy of the database has the same. */
  readonly identity: string;
  leave(): Promise<void>;
}

/** The rows of one prepared statement. `doing` completes "while …". */
export async function rowsOf<Row extends QueryResultRow>(
  on: Pool | PoolClient,
  doing: string,
  sql: string,
  values: unknown[],
): Promise<readonly Row[]> {
  try {
    return (await on.query<Row>(named(sql, values))).rows;
  } catch (error) {
    throw fromPostgres(error, doing);
  }
}

/** A connection of its own, to where the pool leads; whoever makes it ends it. */
export function connectionBeside(pool: Pool): Client {
  const { Client: Made = Client, options } = pool as Pool & { readonly Client?: typeof Client };
  // As they are: a copy would lack the password, which pg hides from whoever lists them.
  return new Made(options);
}
