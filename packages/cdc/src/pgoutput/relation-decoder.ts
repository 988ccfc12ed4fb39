import { keyColumns } from '../change/key-columns.js';
import { type History, StreamOrigin } from '../change/stream-origin.js';
import type { Transaction } from '../change/transaction.js';
import type { RelationMessage } from './relation.js';
import { type ReadEnd, type RowReader, rowReader } from './row-reader.js';

/** Everything that was prepared for one version of one table, so that a row costs no lookups. */
export class RelationDecoder {
  /** `schema.name` */
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly columns: RelationMessage['columns'];
  /** Reads whole rows. */
  readonly row: RowReader;
  /** Reads old rows that hold their replica identity alone. */
  readonly identity: RowReader;
  #transaction: Transaction | undefined;
  #origin: StreamOrigin | undefined;

  /** `primaryKey`: from the catalogue, where it was looked up. */
  constructor(message: RelationMessage, primaryKey: readonly string[] | undefined, end: ReadEnd) {
    this.table = `${message.schema}.${message.name}`;
    this.keyColumns = chooseKey(message, primaryKey);
    this.columns = message.columns;
    this.row = rowReader(
      message.columns,
      message.columns.map(() => true),
      end,
    );
    this.identity = rowReader(
      message.columns,
      message.columns.map((column) => column.identity),
      end,
    );
  }

  /** One origin for all events of this table in a transaction. */
  origin(history: History, transaction: Transaction): StreamOrigin {
    if (this.#transaction === transaction && this.#origin) return this.#origin;
    this.#transaction = transaction;
    this.#origin = new StreamOrigin(history, transaction, this.keyColumns, this.columns);
    return this.#origin;
  }
}

/** Whether the key of a relation can be told only with the catalogue's help: which columns, or in which order. */
export function needsCatalogue(message: RelationMessage): boolean {
  return message.replicaIdentity !== 'd' || message.columns.filter((column) => column.identity).length > 1;
}

function chooseKey(message: RelationMessage, primaryKey: readonly string[] | undefined): readonly string[] {
  return keyColumns({
    replicaIdentity: message.replicaIdentity,
    columns: message.columns.map((column) => column.name),
    identity: message.columns.filter((column) => column.identity).map((column) => column.name),
    primaryKey: primaryKey ?? [],
  });
}
