import { createHash } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { inTransaction } from '../connection/connection.js';
import { checkpoints } from './0001-checkpoints.js';
import { checkpointFormat } from './0002-checkpoint-format.js';
import { deadLetters } from './0003-dead-letters.js';
import { state } from './0004-state.js';
import { leases } from './0005-leases.js';
import { search } from './0006-search.js';
import { log } from './0007-log.js';
import { counters } from './0008-counters.js';
import type { Migration } from './migration.js';

/** Every step of this package's schema. */
const MIGRATIONS: readonly Migration[] = [
  checkpoints,
  checkpointFormat,
  deadLetters,
  state,
  leases,
  search,
  log,
  counters,
];

/** What `migrate` may be told. */
export interface MigrateOptions {
  /** Default: `sluice`. Made when it is missing. */
  readonly schema?: string;
  /** Default: those of this package. */
  readonly migrations?: readonly Migration[];
}

/**
 * Brings the schema up to date: all steps that are missing, in one transaction. Processes that start at once wait for each
 * other. When nothing is missing, nothing is locked and reading rights are enough. Gives the versions that were applied.
 *
 * @throws ComponentError `STORE_PG_SCHEMA_NEWER`, `STORE_PG_MIGRATION_CHANGED`, or as Postgres fails.
 */
export async function migrate(pool: Pool, options: MigrateOptions = {}): Promise<readonly number[]> {
  const { schema = 'sluice', migrations = MIGRATIONS } = options;
  return inTransaction(pool, `migrating the schema ${schema}`, async (client) => {
    if (missing(await applied(client, schema), migrations, schema).length === 0) return [];
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sluice.migrate:${schema}`]);
    const due = missing(await applied(client, schema), migrations, schema);
    await apply(client, schema, due);
    return due.map(({ version }) => version);
  });
}

async function apply(client: PoolClient, schema: string, due: readonly Migration[]): Promise<void> {
  const quoted = escapeIdentifier(schema);
  if (due[0]?.version === 1) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted}`);
    await client.query(`CREATE TABLE ${quoted}.migrations (
      version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  }
  for (const migration of due) {
    await client.query(migration.sql(quoted));
    await client.query(`INSERT INTO ${quoted}.migrations (version, name, checksum) VALUES ($1, $2, $3)`, [
      migration.version,
      migration.name,
      checksum(migration),
    ]);
  }
}

interface Applied {
  readonly version: number;
  readonly checksum: string;
}

async function applied(client: PoolClient, schema: string): Promise<readonly Applied[]> {
  const table = `${escapeIdentifier(schema)}.migrations`;
  // Not to_regclass: its answer may come from a cache that waiting for our lock does not refresh.
  const found = await client.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
      WHERE n.nspname = $1 AND relname = 'migrations') AS there`,
    [schema],
  );
  if (!found.rows[0]?.there) return [];
  const { rows } = await client.query<{ version: string; checksum: string }>(
    `SELECT version::text, checksum FROM ${table} ORDER BY migrations.version`,
  );
  return rows.map((row) => ({ version: Number(row.version), checksum: row.checksum }));
}

function missing(done: readonly Applied[], migrations: readonly Migration[], schema: string): readonly Migration[] {
  const newest = migrations.at(-1)?.version ?? 0;
  const stored = done.at(-1)?.version ?? 0;
  if (stored > newest) {
    throw new ComponentError(
      'STORE_PG_SCHEMA_NEWER',
      `schema ${schema} is at version ${stored}, this package at ${newest}`,
      {
        details: { schema, stored, newest },
      },
    );
  }
  const changed = done.find((entry) => {
    const migration = migrations.find(({ version }) => version === entry.version);
    return migration === undefined || checksum(migration) !== entry.checksum;
  });
  if (changed) {
    throw new ComponentError('STORE_PG_MIGRATION_CHANGED', `schema ${schema}, version ${changed.version}`, {
      details: { schema, version: changed.version },
    });
  }
  return migrations.filter(({ version }) => version > stored);
}

/** Of the statements as they are in any schema; blanks do not count. */
function checksum({ sql }: Migration): string {
  return createHash('sha256').update(sql('"schema"').replace(/\s+/g, ' ').trim()).digest('hex');
}
