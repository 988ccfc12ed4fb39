import { ComponentError } from '@sluice/contracts';
import type pg from 'pg';
import type { TableName } from '../change/table-ref.js';
import { query } from '../connection/connect.js';
import { quoteName, quoteTable, quoteText } from '../connection/quote.js';

/** Marks a publication that we made and therefore may alter. */
const OURS = 'kept in step by sluice';

/**
 * Makes sure that the publication exists and holds exactly `tables`; without `tables`, that it exists.
 *
 * One that we created is altered when the tables differ. Someone else's is left alone.
 *
 * @throws ComponentError `CDC_PUBLICATION_MISSING`, `CDC_PUBLICATION_MISMATCH`, `CDC_TABLE_MISSING`, `CDC_PERMISSION_DENIED`,
 * `CDC_REPLICA_IDENTITY_MISSING`
 */
export async function ensurePublication(
  client: pg.Client,
  name: string,
  tables: readonly TableName[] | undefined,
  mayCreate: boolean,
  serverVersion: number,
): Promise<void> {
  const found = await find(client, name);
  if (!found) {
    if (tables === undefined || !mayCreate) throw missing(name);
    await refuseWithoutIdentity(client, tables);
    await create(client, name, tables, serverVersion);
  } else if (tables !== undefined && !sameTables(found.tables, tables)) {
    if (found.comment !== OURS || !mayCreate) throw mismatch(name);
    await refuseWithoutIdentity(client, tables);
    await query(client, 'publication', `ALTER PUBLICATION ${quoteName(name)} SET TABLE ${tables.map(only).join(', ')}`);
  }
}

interface Found {
  readonly comment: string | null;
  readonly tables: readonly string[];
}

async function find(client: pg.Client, name: string): Promise<Found | undefined> {
  const [row] = await query(
    client,
    'publication',
    `SELECT obj_description(p.oid, 'pg_publication') AS comment,
       CASE WHEN p.puballtables THEN NULL ELSE
         (SELECT json_agg(n.nspname || '.' || c.relname)::text FROM pg_catalog.pg_publication_rel r
          JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE r.prpubid = p.oid) END AS tables
     FROM pg_catalog.pg_publication p WHERE p.pubname = $1`,
    [name],
  );
  return row && { comment: row['comment'] ?? null, tables: JSON.parse(row['tables'] ?? '[]') as string[] };
}

/** Once such a table is published, Postgres refuses its owners every UPDATE and DELETE: that is not ours to bring about. */
async function refuseWithoutIdentity(client: pg.Client, tables: readonly TableName[]): Promise<void> {
  const [row] = await query(
    client,
    'publication',
    `SELECT json_agg(w.schema || '.' || w.name)::text AS tables
     FROM json_to_recordset($1::json) AS w (schema text, name text)
     JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     WHERE c.relreplident = 'n' OR (c.relreplident = 'd'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))`,
    [JSON.stringify(tables)],
  );
  const without = JSON.parse(row?.['tables'] ?? '[]') as string[];
  if (without.length === 0) return;
  throw new ComponentError('CDC_REPLICA_IDENTITY_MISSING', `no row of ${without.join(', ')} can be told by its key`, {
    details: { tables: without },
  });
}

async function create(
  client: pg.Client,
  name: string,
  tables: readonly TableName[],
  serverVersion: number,
): Promise<void> {
  const quoted = quoteName(name);
  const options = serverVersion >= 130_000 ? ['publish_via_partition_root = true'] : [];
  // Without it a table with REPLICA IDENTITY FULL and such a column could no longer be updated by its owners.
  if (serverVersion >= 180_000) options.push('publish_generated_columns = stored');
  const statements = [
    'BEGIN',
    `CREATE PUBLICATION ${quoted} FOR TABLE ${tables.map(only).join(', ')}${options.length > 0 ? ` WITH (${options.join(', ')})` : ''}`,
    `COMMENT ON PUBLICATION ${quoted} IS ${quoteText(OURS)}`,
    'COMMIT',
  ];
  await query(client, 'publication', statements.join('; '));
}

/** With its partitions, without tables that inherit from it. */
function only(table: TableName): string {
  return `ONLY ${quoteTable(table)}`;
}

function sameTables(found: readonly string[], wanted: readonly TableName[]): boolean {
  const names = new Set(found);
  return names.size === wanted.length && wanted.every((table) => names.has(`${table.schema}.${table.name}`));
}

function missing(name: string): ComponentError {
  return new ComponentError('CDC_PUBLICATION_MISSING', `there is no publication ${name}`, {
    details: { publication: name },
  });
}

function mismatch(name: string): ComponentError {
  return new ComponentError('CDC_PUBLICATION_MISMATCH', `publication ${name} holds other tables`, {
    details: { publication: name },
  });
}
