import type pg from 'pg';
import type { ColumnType } from '../change/column-type.js';
import { keyColumns } from '../change/key-columns.js';
import { query } from '../connection/connect.js';

/** A table as a publication delivers it. */
export interface PublishedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnType[];
  readonly keyColumns: readonly string[];
  /** SQL expression of the publication's row filter. */
  readonly rowFilter: string | null;
  /** A partitioned table that is published as one. */
  readonly partitioned: boolean;
}

interface Described {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly filter: string | null;
  readonly identity_kind: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly mod: number }[] | null;
  readonly primary_key: readonly string[] | null;
  readonly identity: readonly string[] | null;
}

/** The tables of a publication, with its column lists and row filters: what the stream would send, to be read in a snapshot. */
export async function publishedTables(
  client: pg.Client,
  publication: string,
  serverVersion: number,
): Promise<readonly PublishedTable[]> {
  const rows = await query(client, 'publication', describeTables(serverVersion), [publication]);
  return rows.map((row) => toTable(JSON.parse(row['described'] ?? '{}') as Described));
}

/** The primary key of a table in the order of its index; `undefined` when it has none. */
export async function primaryKey(client: pg.Client, oid: number): Promise<readonly string[] | undefined> {
  const [row] = await query(client, 'query', `SELECT (${indexColumns('indisprimary', '$1::oid')})::text AS names`, [
    oid,
  ]);
  return row?.['names'] ? (JSON.parse(row['names']) as string[]) : undefined;
}

function toTable(table: Described): PublishedTable {
  const columns = table.columns ?? [];
  const names = columns.map((column) => column.name);
  const primary = table.primary_key ?? [];
  const marked = { d: primary, i: table.identity ?? [], f: names }[table.identity_kind] ?? [];
  // In the order of the table, which is how the stream tells them.
  const identity = names.filter((name) => marked.includes(name));
  return {
    schema: table.schema,
    name: table.name,
    columns: columns.map(({ name, type, mod }) => ({ name, typeOid: Number(type), typeMod: mod })),
    keyColumns: keyColumns({ replicaIdentity: table.identity_kind, columns: names, identity, primaryKey: primary }),
    rowFilter: table.filter,
    partitioned: table.kind === 'p',
  };
}

/** Column lists and row filters came with Postgres 15; generated columns are published since 18, if at all. */
function describeTables(serverVersion: number): string {
  const listed = serverVersion >= 150_000 ? 'AND a.attname = ANY (t.attnames)' : '';
  const generated = serverVersion < 180_000 && serverVersion >= 120_000 ? `AND a.attgenerated = ''` : '';
  return `SELECT json_build_object(
    'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'identity_kind', c.relreplident,
    'filter', ${serverVersion >= 150_000 ? 't.rowfilter' : 'NULL'},
    'columns', (SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::text, 'mod', a.atttypmod) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ${listed} ${generated}),
    'primary_key', (${indexColumns('indisprimary', 'c.oid')}),
    'identity', (${indexColumns('indisreplident', 'c.oid')}))::text AS described
  FROM pg_catalog.pg_publication_tables t
  JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
  WHERE t.pubname = $1 ORDER BY 1`;
}

function indexColumns(which: 'indisprimary' | 'indisreplident', table: string): string {
  return `SELECT json_agg(a.attname ORDER BY k.place) FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = ${table} AND i.${which} AND k.place <= i.indnkeyatts`;
}
