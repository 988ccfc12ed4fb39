import type { Unchanged } from '@sluice/contracts';
import type { TableRef } from './table-ref.js';

/** A row that an update wrote: a column whose large value it left alone, and Postgres did not send, is `UNCHANGED`. */
export type UpdatedRow<Row> = { readonly [Column in keyof Row]: Row[Column] | Unchanged };

/** A row that the initial snapshot found. */
export interface ReadChange<Row = Record<string, unknown>, Table extends string = string> {
  readonly op: 'read';
  readonly table: Table;
  readonly before: null;
  readonly after: Row;
}

/** A row that an INSERT wrote. */
export interface InsertChange<Row = Record<string, unknown>, Table extends string = string> {
  readonly op: 'insert';
  readonly table: Table;
  readonly before: null;
  readonly after: Row;
}

/** A row that an UPDATE wrote. */
export interface UpdateChange<Row = Record<string, unknown>, Table extends string = string> {
  readonly op: 'update';
  readonly table: Table;
  /**
   * The whole old row under REPLICA IDENTITY FULL; else the columns of the replica identity when one of them changed, and
   * null when none did.
   */
  readonly before: Partial<Row> | null;
  readonly after: UpdatedRow<Row>;
}

/** A row that a DELETE removed. */
export interface DeleteChange<Row = Record<string, unknown>, Table extends string = string> {
  readonly op: 'delete';
  readonly table: Table;
  /** The whole old row under REPLICA IDENTITY FULL, else the columns of the replica identity. */
  readonly before: Partial<Row>;
  readonly after: null;
}

/** A table that a TRUNCATE emptied; one for each table that the statement reached. */
export interface TruncateChange<Table extends string = string> {
  readonly op: 'truncate';
  readonly table: Table;
  readonly before: null;
  readonly after: null;
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
}

/** What `pg_logical_emit_message` wrote into the WAL. */
export interface MessageChange {
  readonly op: 'message';
  readonly table: null;
  readonly before: null;
  readonly after: null;
  readonly prefix: string;
  readonly content: Uint8Array;
  /** Whether it is part of a transaction; if not, it came even if its transaction was rolled back. */
  readonly transactional: boolean;
}

/** Everything that can happen to one table. */
export type TableChange<Row = Record<string, unknown>, Table extends string = string> =
  | ReadChange<Row, Table>
  | InsertChange<Row, Table>
  | UpdateChange<Row, Table>
  | DeleteChange<Row, Table>
  | TruncateChange<Table>;

/** A change of a table, or a logical message; told apart by `op`, and by `table`. */
export type Change<Row = Record<string, unknown>, Table extends string = string> =
  | TableChange<Row, Table>
  | MessageChange;

/** The changes of a list of tables: a union with one member for each. */
export type ChangeOf<Tables extends readonly (string | TableRef<unknown>)[]> =
  | {
      [Index in keyof Tables]: Tables[Index] extends TableRef<infer Row, infer Name>
        ? TableChange<Row, Name>
        : Tables[Index] extends string
          ? TableChange<Record<string, unknown>, Tables[Index]>
          : never;
    }[number]
  | MessageChange;
