/** The envelope of a change as Debezium's connector for Postgres writes it, without schemas. */
export interface DebeziumValue<Row = Record<string, unknown>> {
  /** The old row: whole under REPLICA IDENTITY FULL, else its identity, the other columns null. Null for `c` and `r`. */
  readonly before: Row | null;
  /** Null for `d`. */
  readonly after: Row | null;
  readonly source: DebeziumSource;
  readonly transaction: null;
  /** Created, updated, deleted, read by the snapshot, truncated. */
  readonly op: 'c' | 'u' | 'd' | 'r' | 't';
  /** When the envelope was made, in milliseconds since 1970; also in micro- and nanoseconds. */
  readonly ts_ms: number;
  readonly ts_us: number;
  readonly ts_ns: number;
}

/** Where a change comes from. */
export interface DebeziumSource {
  readonly version: string;
  readonly connector: 'postgresql';
  /** What Debezium calls `topic.prefix`. */
  readonly name: string;
  /** When it was committed, or the snapshot taken. */
  readonly ts_ms: number;
  readonly snapshot: 'true' | 'false';
  readonly db: string;
  /** A JSON array of two texts: the position of the commit, and the change's number within the transaction. */
  readonly sequence: string;
  readonly ts_us: number;
  readonly ts_ns: number;
  readonly schema: string;
  readonly table: string;
  /** Null in a snapshot. */
  readonly txId: number | null;
  /** The position of the commit, for every change of its transaction; of the snapshot for its rows. */
  readonly lsn: number;
  readonly xmin: null;
}
