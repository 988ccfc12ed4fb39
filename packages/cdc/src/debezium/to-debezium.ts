import { ComponentError, type Envelope, refuseUnknownOptions, UNCHANGED } from '@sluice/contracts';
import type { Change } from '../change/change.js';
import type { ColumnType } from '../change/column-type.js';
import { SnapshotOrigin } from '../change/snapshot-origin.js';
import { StreamOrigin } from '../change/stream-origin.js';
import { splitTableName } from '../change/table-ref.js';
import { type ColumnJson, columnJson } from './column-json.js';
import { sourceJson } from './source-json.js';

/** How changes become records of Debezium. */
export interface DebeziumOptions {
  /** `source.name`: what Debezium calls `topic.prefix`. */
  readonly name: string;
  /** Whether a deletion is followed by an event without data, so that a compacted topic forgets the key. Default: true. */
  readonly tombstones?: boolean;
  /** What a TRUNCATE becomes: an error (default), nothing (as Debezium has it), or an event with `op: 't'` and no key. */
  readonly truncate?: 'fail' | 'skip' | 'event';
  /** `source.version`. Default: that of this package. */
  readonly version?: string;
  /** Milliseconds since 1970, for `ts_ms`. Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * Turns changes into the records that Debezium's connector for Postgres writes with its defaults, JSON without schemas:
 * the bytes of a {@link DebeziumValue}, under the key `{"id": …}`. For `expandEvents` of the runtime. Of one change
 * come
 *
 * - a row of the snapshot, inserted, updated: one event;
 * - deleted: the event, then a tombstone (no data) under the same key;
 * - updated under another key: deleted under the old one, with its tombstone, and created under the new one, each with the header
 *   `__debezium.newkey` or `__debezium.oldkey`.
 *
 * Differences: `source.lsn` is the position of the commit, for all changes of a transaction, and `source.sequence`
 * tells their order in it. A table without a key has events without one. Logical messages are left out.
 *
 * @throws ComponentError `OPTIONS_INVALID`; from the function it returns `CDC_TRUNCATE`, `CDC_DEBEZIUM_ORIGIN`,
 * `CDC_DEBEZIUM_VALUE`.
 */
export function toDebezium<C extends Change<unknown>>(
  options: DebeziumOptions,
): (change: C | null, event: Envelope<C>) => readonly Envelope<Uint8Array>[] {
  refuseUnknownOptions('toDebezium', options, ['name', 'tombstones', 'truncate', 'version', 'now']);
  const { name, tombstones = true, truncate = 'fail' } = options;
  if (typeof name !== 'string' || name === '') throw new ComponentError('OPTIONS_INVALID', 'name: give a text');
  if (!['fail', 'skip', 'event'].includes(truncate)) {
    throw new ComponentError('OPTIONS_INVALID', "truncate: 'fail', 'skip' or 'event'");
  }
  return (given, event) => {
    const change = given as Change | null;
    if (change === null || change.op === 'message') return [];
    const record = new ChangeRecord(change, event, options);
    const { before, after } = change;
    switch (change.op) {
      case 'read':
        return [record.event('r', null, after)];
      case 'insert':
        return [record.event('c', null, after)];
      case 'delete':
        return record.deleted(before, tombstones);
      case 'update':
        return record.updated(before, after ?? {}, tombstones);
      case 'truncate':
        if (truncate === 'fail') {
          throw new ComponentError('CDC_TRUNCATE', `${change.table} was truncated`, {
            details: { table: change.table },
          });
        }
        return truncate === 'skip' ? [] : [record.event('t', null, null)];
    }
  };
}

type Row = Readonly<Record<string, unknown>>;

interface RowWriters {
  readonly columns: readonly (readonly [name: string, json: ColumnJson])[];
  readonly byName: ReadonlyMap<string, ColumnJson>;
}

/** What was prepared for the columns of a table, which its events share. */
const WRITERS = new WeakMap<readonly ColumnType[], RowWriters>();

function writersOf(columns: readonly ColumnType[]): RowWriters {
  const known = WRITERS.get(columns);
  if (known) return known;
  const made = columns.map((column) => [column.name, columnJson(column)] as const);
  const writers = { columns: made, byName: new Map(made) };
  WRITERS.set(columns, writers);
  return writers;
}

/** The events of one change. */
class ChangeRecord {
  readonly #origin: StreamOrigin | SnapshotOrigin;
  readonly #writers: RowWriters;
  readonly #source: string;

  constructor(
    change: Exclude<Change, { op: 'message' }>,
    private readonly from: Envelope<unknown>,
    private readonly options: DebeziumOptions,
  ) {
    const { origin } = from;
    if (!(origin instanceof StreamOrigin || origin instanceof SnapshotOrigin)) {
      throw new ComponentError('CDC_DEBEZIUM_ORIGIN', `the event ${from.id} does not come from postgresChanges`);
    }
    this.#origin = origin;
    this.#writers = writersOf(origin.columns);
    this.#source = sourceJson(from, origin, { ...options, table: splitTableName(change.table) });
  }

  deleted(before: Row | null, tombstones: boolean, more: { headers?: Record<string, string>; idSuffix?: string } = {}) {
    const key = this.#key(before);
    const suffix = more.idSuffix === undefined ? 'tombstone' : `${more.idSuffix}-tombstone`;
    return [
      this.event('d', before, null, more),
      ...(tombstones && key !== undefined ? [this.from.with<Uint8Array>(null, { key, idSuffix: suffix })] : []),
    ];
  }

  updated(before: Row | null, after: Row, tombstones: boolean): readonly Envelope<Uint8Array>[] {
    const whole = withOldValues(after, before);
    const oldKey = before === null ? undefined : this.#key(before);
    const newKey = this.#key(whole);
    if (oldKey === undefined || newKey === undefined || oldKey === newKey) return [this.event('u', before, whole)];
    return [
      ...this.deleted(before, tombstones, { headers: { '__debezium.newkey': newKey }, idSuffix: 'old' }),
      this.event('c', null, whole, { headers: { '__debezium.oldkey': oldKey } }),
    ];
  }

  event(
    op: string,
    before: Row | null,
    after: Row | null,
    more: { headers?: Record<string, string>; idSuffix?: string } = {},
  ): Envelope<Uint8Array> {
    const { now = Date.now } = this.options;
    const ms = now();
    const rows = `"before":${this.#row(before)},"after":${this.#row(after)}`;
    const times = `"ts_ms":${ms},"ts_us":${ms}000,"ts_ns":${ms}000000`;
    const text = `{${rows},"source":${this.#source},"transaction":null,"op":"${op}",${times}}`;
    const key = this.#key(after ?? before);
    return this.from.with<Uint8Array>(Buffer.from(text), { ...more, ...(key === undefined ? {} : { key }) });
  }

  #row(row: Row | null): string {
    if (row === null) return 'null';
    return `{${this.#writers.columns.map(([name, json]) => `${JSON.stringify(name)}:${json(row[name])}`).join(',')}}`;
  }

  /** Undefined for a table without a key, and for a row that lacks a part of it. */
  #key(row: Row | null): string | undefined {
    const { keyColumns } = this.#origin;
    if (row === null || keyColumns.length === 0) return undefined;
    const parts: string[] = [];
    for (const name of keyColumns) {
      const json = this.#writers.byName.get(name);
      if (json === undefined || row[name] === undefined || row[name] === UNCHANGED) return undefined;
      parts.push(`${JSON.stringify(name)}:${json(row[name])}`);
    }
    return `{${parts.join(',')}}`;
  }
}

/** Values that the update left alone, where the old row has them. */
function withOldValues(after: Row, before: Row | null): Row {
  if (before === null) return after;
  const left = Object.keys(after).filter((name) => after[name] === UNCHANGED && before[name] !== undefined);
  if (left.length === 0) return after;
  return { ...after, ...Object.fromEntries(left.map((name) => [name, before[name]])) };
}
