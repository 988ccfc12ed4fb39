import type { EventOrigin, Headers, Version } from '@sluice/contracts';
import type { Change } from './change.js';
import type { ColumnType } from './column-type.js';
import { keyOfRow } from './key-of-row.js';
import { dateOf, type Transaction } from './transaction.js';

/** What all events of one session share. */
export interface History {
  /** CloudEvents `source`. */
  readonly source: string;
  /** System identifier and timeline. */
  readonly epoch: string;
}

/**
 * Origin of the events of one table within one transaction; nothing is computed before it is asked for.
 *
 * Ids are `<commit position>-<index>`, versions commit position × 2³² + index: the order of commits, then of statements.
 */
export class StreamOrigin implements EventOrigin {
  readonly #history: History;
  readonly #transaction: Transaction;
  /** Columns of the key; see `RelationDecoder`. */
  readonly keyColumns: readonly string[];
  /** Of the table; none for a message. */
  readonly columns: readonly ColumnType[];

  constructor(
    history: History,
    transaction: Transaction,
    keyColumns: readonly string[],
    columns: readonly ColumnType[] = [],
  ) {
    this.#history = history;
    this.#transaction = transaction;
    this.keyColumns = keyColumns;
    this.columns = columns;
  }

  get source(): string {
    return this.#history.source;
  }

  get transaction(): Transaction {
    return this.#transaction;
  }

  type(_ordinal: number, record: unknown): string {
    const change = record as Change;
    return change.op === 'message' ? `message.${change.prefix}` : `${change.table}.${change.op}`;
  }

  /** A message outside of transactions may end where a commit begins, so its id has a form of its own. */
  id(ordinal: number, record: unknown): string {
    const change = record as Change;
    const place = this.#transaction.commitLsn.toString(16).toUpperCase();
    return change.op === 'message' && !change.transactional ? `${place}-m` : `${place}-${ordinal}`;
  }

  key(_ordinal: number, record: unknown): string | undefined {
    const change = record as Change;
    const row = change.after ?? change.before;
    return row === null ? undefined : keyOfRow(row, this.keyColumns, change.before);
  }

  time(): Date {
    return dateOf(this.#transaction.committedAt);
  }

  version(ordinal: number): Version {
    return {
      epoch: this.#history.epoch,
      value: (BigInt(this.#transaction.commitLsn) << 32n) | BigInt(ordinal),
    };
  }

  headers(): Headers {
    return this.#transaction.headers;
  }
}
