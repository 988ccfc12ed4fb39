import type { EventOrigin, Headers, Version } from '@sluice/contracts';
import type { ReadChange } from './change.js';
import type { ColumnType } from './column-type.js';
import { keyOfRow } from './key-of-row.js';
import type { History } from './stream-origin.js';

const NO_HEADERS: Headers = Object.freeze({});

/**
 * Origin of the rows of one table in one snapshot.
 *
 * Their version is the place where the stream begins, with index 0: every change that the stream brings is newer, also when
 * a later snapshot is taken for the same beginning.
 */
export class SnapshotOrigin implements EventOrigin {
  readonly source: string;
  readonly #table: string;
  readonly keyColumns: readonly string[];
  readonly columns: readonly ColumnType[];
  /** Log position of the snapshot. */
  readonly takenAt: number;
  readonly #time: Date;
  readonly #version: Version;

  constructor(history: History, { name, keyColumns, columns }: SnapshotTable, taken: SnapshotPlace) {
    this.source = history.source;
    this.#table = name;
    this.keyColumns = keyColumns;
    this.columns = columns;
    this.takenAt = taken.lsn;
    this.#time = taken.time;
    this.#version = { epoch: history.epoch, value: BigInt(taken.streamStart) << 32n };
  }

  type(): string {
    return `${this.#table}.read`;
  }

  id(ordinal: number, record: unknown): string {
    const row = this.key(ordinal, record) ?? String(ordinal);
    return `${this.takenAt.toString(16).toUpperCase()}-${this.#table}-${row}`;
  }

  key(_ordinal: number, record: unknown): string | undefined {
    return keyOfRow((record as ReadChange).after, this.keyColumns);
  }

  time(): Date {
    return this.#time;
  }

  version(): Version {
    return this.#version;
  }

  headers(): Headers {
    return NO_HEADERS;
  }
}

/** The table of a snapshot's rows. */
export interface SnapshotTable {
  /** `schema.name` */
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly columns: readonly ColumnType[];
}

/** When and where a snapshot was taken. */
export interface SnapshotPlace {
  /** Log position of the snapshot itself. */
  readonly lsn: number;
  /** Where the stream begins; never after the snapshot. */
  readonly streamStart: number;
  readonly time: Date;
}
