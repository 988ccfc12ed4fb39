import { type CheckpointStore, ComponentError, refuseUnknownOptions, type StoredCheckpoint } from '@sluice/contracts';
import { escapeIdentifier, type Pool } from 'pg';
import { type Connection, checkConnection, openConnection } from '../connection/connection.js';
import { checkTimeout, STATEMENT_TIMEOUT_MS } from '../connection/time-limits.js';
import { fromPostgres } from '../failure/postgres-errors.js';
import { migrate } from '../migrations/migrate.js';
import { upgradeFrom } from './checkpoint-format.js';
import { named, saveCheckpoints } from './save-statement.js';

/** Where checkpoints are kept. */
export interface PostgresCheckpointsOptions {
  readonly connection: Connection;
  /** Where the table `checkpoints` is, or is made. Default: `sluice`. */
  readonly schema?: string;
  /** How long a statement may take, in milliseconds, where no pool is handed in. Default: 60,000. */
  readonly statementTimeoutMs?: number;
}

/**
 * Keeps checkpoints in Postgres. The table is made at first use.
 *
 * A save is one statement: all or nothing over its writes, durable when it resolves. A removed lane keeps its fence.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `STORE_PG_*`, `CHECKPOINT_FORMAT`.
 */
export function postgresCheckpoints(options: PostgresCheckpointsOptions): CheckpointStore {
  refuseUnknownOptions('postgresCheckpoints', options, ['connection', 'schema', 'statementTimeoutMs']);
  checkConnection(options.connection);
  const schema = checkSchema(options.schema);
  const statementTimeoutMs = checkTimeout(options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS);
  const { pool, end } = openConnection(options.connection, { max: 4, statementTimeoutMs });
  let ready: Promise<unknown> | undefined;
  const store = checkpointsOn(pool, schema, () => {
    ready ??= migrate(pool, { schema }).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  });
  return { ...store, [Symbol.asyncDispose]: end };
}

/** @throws ComponentError `OPTIONS_INVALID` unless it is a name, or absent. */
export function checkSchema(schema: string | undefined): string {
  if (schema === undefined) return 'sluice';
  if (typeof schema === 'string' && schema !== '' && schema.length < 64) return schema;
  throw new ComponentError('OPTIONS_INVALID', 'schema: give a name of 1 to 63 characters');
}

/** The store over a pool; `ready` is awaited before each use. Disposing it does nothing. */
export function checkpointsOn(pool: Pool, schema: string, ready: () => Promise<unknown>): CheckpointStore {
  const table = `${escapeIdentifier(schema)}.checkpoints`;
  const acquireSql = `
INSERT INTO ${table} AS stored (pipeline, sink, lane, fence, owner) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (pipeline, sink, lane) DO UPDATE
SET fence = stored.fence + 1, owner = excluded.owner, removed = false, updated_at = now()
RETURNING stored.fence::text AS fence`;
  const loadSql = `
SELECT sink, lane, fence::text AS fence, resume, within::text AS within, identity, format::int AS format
FROM ${table} WHERE pipeline = $1 AND NOT removed ORDER BY sink, lane`;

  return {
    acquire: (pipeline, sink, lane, owner) =>
      guarded('acquiring a lane', async () => {
        const { rows } = await pool.query<{ fence: string }>(named(acquireSql, [pipeline, sink, lane, owner]));
        return { fence: BigInt(rows[0]?.fence ?? 0) };
      }),
    load: (pipeline) =>
      guarded('loading checkpoints', async () => {
        const { rows } = await pool.query<Row>(named(loadSql, [pipeline]));
        return rows.map(read);
      }),
    save: (writes) => guarded('saving checkpoints', () => saveCheckpoints(pool, schema, writes)),
    async [Symbol.asyncDispose]() {},
  };

  async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
    await ready();
    try {
      return await work();
    } catch (error) {
      throw fromPostgres(error, doing);
    }
  }
}

interface Row {
  readonly sink: string;
  readonly lane: string;
  readonly fence: string;
  readonly resume: string | null;
  readonly within: string | null;
  readonly identity: string | null;
  readonly format: number;
}

function read({ sink, lane, fence, resume, within, identity, format }: Row): StoredCheckpoint {
  const stands = resume !== null && within !== null && identity !== null;
  const upgrade = upgradeFrom(format, { sink, lane });
  const at = stands ? upgrade({ resume, within: Number(within), identity }) : null;
  const checkpoint = at && { position: { resume: at.resume, within: at.within }, identity: at.identity };
  return { sink, lane, fence: BigInt(fence), checkpoint };
}
