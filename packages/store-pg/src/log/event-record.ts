import { ComponentError, Envelope, type EventOrigin, type Headers } from '@sluice/contracts';
import { fromColumn, toColumn } from '../connection/text-column.js';

/** An event as the columns of its row take it. */
export interface EventRecord {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string | null;
  readonly time: string | null;
  readonly epoch: string;
  readonly version: string;
  /** JSON; null without headers. */
  readonly headers: string | null;
  readonly data: Buffer | null;
  /** What the event takes, about: its bytes and texts, and an overhead. */
  readonly bytes: number;
}

/** What a row takes besides its bytes and texts. */
const OVERHEAD = 120;

/** @throws ComponentError `STORE_PG_LOG_EVENT_TOO_LARGE`, `EVENT_NOT_STORABLE` */
export function recordOf(event: Envelope<Uint8Array>, maxBytes: number): EventRecord {
  const { data, id, type, key = null, headers, version } = event;
  if (data !== null && !(data instanceof Uint8Array)) {
    throw new ComponentError('EVENT_NOT_STORABLE', 'the log takes bytes', { details: { id } });
  }
  const said = Object.keys(headers).length === 0 ? null : JSON.stringify(headers);
  const texts = id.length + type.length + (key?.length ?? 0) + (said?.length ?? 0);
  const bytes = (data?.byteLength ?? 0) + texts + OVERHEAD;
  if (bytes > maxBytes) {
    throw new ComponentError('STORE_PG_LOG_EVENT_TOO_LARGE', `an event of ${bytes} bytes, of ${maxBytes} at most`, {
      details: { bytes, maxBytes },
    });
  }
  const ms = event.time.getTime();
  return {
    id: toColumn(id),
    type: toColumn(type),
    source: toColumn(event.source),
    key: key === null ? null : toColumn(key),
    time: Number.isNaN(ms) ? null : ms.toString(),
    epoch: toColumn(version.epoch),
    version: version.value.toString(),
    headers: said,
    data: data && Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    bytes,
  };
}

/** A row of `log_events` as it is read. */
export interface EventRow {
  readonly log_offset: string;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string | null;
  readonly time_ms: string | null;
  readonly epoch: string;
  readonly version: string;
  readonly headers: string | null;
  readonly data: Buffer | null;
  readonly bytes: number;
}

/** Makes the events of rows; those of one source share what they know of their origin. */
export function eventsFromRows(): (row: EventRow) => Envelope<Uint8Array> {
  let origin = originOf('');
  let last: string | undefined;
  return (row) => {
    if (row.source !== last) {
      origin = originOf(fromColumn(row.source));
      last = row.source;
    }
    const { data } = row;
    return new Envelope<Uint8Array>(data && new Uint8Array(data), origin, Number(row.log_offset), row);
  };
}

function originOf(source: string): EventOrigin {
  const of = (record: unknown) => record as EventRow;
  return {
    source,
    type: (_, record) => fromColumn(of(record).type),
    id: (_, record) => fromColumn(of(record).id),
    key: (_, record) => {
      const { key } = of(record);
      return key === null ? undefined : fromColumn(key);
    },
    time: (_, record) => {
      const { time_ms: ms } = of(record);
      return new Date(ms === null ? Number.NaN : Number(ms));
    },
    version: (_, record) => ({ epoch: fromColumn(of(record).epoch), value: BigInt(of(record).version) }),
    headers: (_, record) => {
      const { headers } = of(record);
      return headers === null ? {} : (JSON.parse(headers) as Headers);
    },
  };
}
