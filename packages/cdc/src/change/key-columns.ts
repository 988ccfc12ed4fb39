/** What is known of a table's identity, from the wire or from the catalogue. */
export interface TableIdentity {
  /** `d` primary key, `n` nothing, `f` the full row, `i` an index. */
  readonly replicaIdentity: string;
  readonly columns: readonly string[];
  /** Columns that Postgres sends of a deleted row. */
  readonly identity: readonly string[];
  /** In the order of its index. */
  readonly primaryKey: readonly string[];
}

/**
 * The columns that make the key of a table's events: its primary key where deletes tell all of it, else its replica
 * identity, and none for a table that has a whole-row identity and no primary key.
 */
export function keyColumns(table: TableIdentity): readonly string[] {
  const { replicaIdentity, columns, identity, primaryKey } = table;
  const told = replicaIdentity === 'n' ? columns : identity;
  if (primaryKey.length > 0 && primaryKey.every((name) => told.includes(name))) return primaryKey;
  return replicaIdentity === 'f' ? [] : identity;
}
