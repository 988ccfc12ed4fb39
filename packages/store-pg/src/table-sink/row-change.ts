import { ComponentError, type Envelope, isComponentError, keyOf, keyParts, UNCHANGED } from '@sluice/contracts';
import { type Column, type Table, unknownColumn } from './table.js';
import { textForm } from './text-form.js';

/** A row as events carry it: values by column. */
export type Row = Readonly<Record<string, unknown>>;

/** The columns that a row gives a value for. Rows of one source share a few of these. */
export interface Shape {
  readonly columns: readonly Column[];
  /** Some column was left alone by the change and its value is not known: only a row that is there can take the rest. */
  readonly partial: boolean;
  /** Whether its statement is worth preparing. */
  readonly prepared: boolean;
}

/** Rows with ever other columns must fill neither our memory nor that of Postgres. */
const MAX_SHAPES = 1_000;
const MAX_PREPARED = 100;

/** What one event says, as texts for Postgres. */
export type RowChange =
  | {
      readonly kind: 'upsert';
      readonly key: string;
      readonly shape: Shape;
      readonly values: readonly (string | null)[];
    }
  | { readonly kind: 'delete'; readonly key: string; readonly values: readonly string[] }
  | Move;

/** A row gets another key and keeps what the change left alone. */
export interface Move {
  readonly kind: 'move';
  readonly key: string;
  readonly previousKey: string;
  readonly shape: Shape;
  readonly values: readonly (string | null)[];
  /** The columns of the previous key. */
  readonly from: readonly string[];
}

/** What a write is made of. */
export interface EncodedWrite {
  /** By index of the event; `undefined` where it failed, and for a delete that the move after it makes needless. */
  readonly changes: readonly (RowChange | undefined)[];
  readonly failures: ReadonlyMap<number, ComponentError>;
  /** Whether events and rows name their keys by the same text, so that changes of one key can be told by it. */
  readonly keysAgree: boolean;
}

/** Turns events into changes of one table. */
export class RowEncoder {
  readonly #shapes = new Map<string, Shape>();
  #prepared = 0;

  /** `wanted`: the columns to write; `undefined` for all that a row has. */
  constructor(
    private readonly table: Table,
    private readonly wanted: ReadonlySet<string> | undefined,
  ) {}

  /** @throws ComponentError `STORE_PG_COLUMN_UNKNOWN`: that is no fault of a single event. */
  encode(events: readonly Envelope<Row>[]): EncodedWrite {
    const failures = new Map<number, ComponentError>();
    let [deletes, differs] = [false, false];
    const changes = events.map((event, index): RowChange | undefined => {
      try {
        const change = event.data === null ? this.#delete(event) : this.#upsert(event, event.data, events[index - 1]);
        deletes ||= change.kind === 'delete';
        differs ||= event.key !== undefined && event.key !== change.key;
        return change;
      } catch (error) {
        if (!isComponentError(error) || error.retry !== 'never') throw error;
        failures.set(index, error);
        return undefined;
      }
    });
    for (const [index, change] of changes.entries()) {
      if (change?.kind === 'move') changes[index - 1] = undefined;
    }
    return { changes, failures, keysAgree: !deletes || !differs };
  }

  #delete(event: Envelope<Row>): RowChange {
    const { key } = event;
    if (key === undefined) throw this.#keyMissing();
    return { kind: 'delete', key, values: keyParts(key, this.table.key.length) };
  }

  #upsert(event: Envelope<Row>, row: Row, before: Envelope<Row> | undefined): RowChange {
    const columns: Column[] = [];
    const values: (string | null)[] = [];
    let partial = false;
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (value === undefined || (this.wanted !== undefined && !this.wanted.has(name))) continue;
      const column = this.table.columns.get(name) ?? unknownColumn(this.table.name, name);
      if (column.generated) continue;
      const text = value === UNCHANGED ? this.#keyPart(event, column) : textForm(value, column);
      if (text === undefined) {
        partial = true;
        continue;
      }
      columns.push(column);
      values.push(text);
    }
    const parts = this.table.key.map((column) => values[columns.indexOf(column)] ?? undefined);
    if (!parts.every((part) => part !== undefined)) throw this.#keyMissing();
    const [key, shape] = [keyOf(parts), this.#shape(columns, partial)];
    const { previousKey } = event;
    if (!partial || previousKey === undefined || before?.data !== null || before.key !== previousKey) {
      return { kind: 'upsert', key, shape, values };
    }
    return { kind: 'move', key, previousKey, shape, values, from: keyParts(previousKey, this.table.key.length) };
  }

  /** A key column can be so long that a change leaves it out; the event's key has it all the same. */
  #keyPart({ key }: Envelope<Row>, column: Column): string | undefined {
    const at = this.table.key.indexOf(column);
    return at < 0 || key === undefined ? undefined : keyParts(key, this.table.key.length)[at];
  }

  #shape(columns: readonly Column[], partial: boolean): Shape {
    const signature = `${partial}\0${columns.map(({ name }) => name).join('\0')}`;
    let shape = this.#shapes.get(signature);
    if (shape === undefined) {
      const prepared = this.#prepared < MAX_PREPARED;
      if (prepared) this.#prepared += 1;
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      shape = { columns, partial, prepared };
      this.#shapes.set(signature, shape);
    }
    return shape;
  }

  /** The shape of a row that was changed twice: it has the columns of both, and the first one says whether it must be there. */
  union(first: Shape, second: Shape): Shape {
    return this.#shape([...new Set([...first.columns, ...second.columns])], first.partial);
  }

  #keyMissing(): ComponentError {
    const { schema, table } = this.table.name;
    const columns = this.table.key.map(({ name }) => name);
    const message = `an event for ${schema}.${table} has no value for ${columns.join(', ')}`;
    return new ComponentError('STORE_PG_KEY_MISSING', message, { details: { columns } });
  }
}
