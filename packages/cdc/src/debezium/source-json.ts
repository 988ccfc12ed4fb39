import type { Envelope } from '@sluice/contracts';
import { SnapshotOrigin } from '../change/snapshot-origin.js';
import type { StreamOrigin } from '../change/stream-origin.js';
import type { TableName } from '../change/table-ref.js';
import { microsSince1970 } from '../change/transaction.js';

/** What the `source` of an envelope is told besides its event. */
export interface SourceParts {
  readonly name: string;
  readonly version?: string;
  readonly table: TableName | undefined;
}

/** The `source` of an envelope, in the order of Debezium's fields. */
export function sourceJson(
  event: Envelope<unknown>,
  origin: StreamOrigin | SnapshotOrigin,
  parts: SourceParts,
): string {
  const { name, version = VERSION, table } = parts;
  const snapshot = origin instanceof SnapshotOrigin;
  const lsn = snapshot ? origin.takenAt : origin.transaction.commitLsn;
  const micros = snapshot ? BigInt(origin.time().getTime()) * 1_000n : microsSince1970(origin.transaction.committedAt);
  const sequence = JSON.stringify([snapshot ? null : String(lsn), String(snapshot ? lsn : event.ordinal)]);
  const fields = {
    version,
    connector: 'postgresql',
    name,
    ts_ms: micros / 1_000n,
    snapshot: String(snapshot),
    db: databaseOf(event.source),
    sequence,
    ts_us: micros,
    ts_ns: micros * 1_000n,
    schema: table?.schema ?? '',
    table: table?.name ?? '',
    txId: snapshot ? null : origin.transaction.xid,
    lsn,
    xmin: null,
  };
  const members = Object.entries(fields).map(
    ([field, value]) => `"${field}":${typeof value === 'bigint' ? value.toString() : JSON.stringify(value)}`,
  );
  return `{${members.join(',')}}`;
}

/** The version of this package. */
export const VERSION = '0.0.0';

/** From `postgres:///database/slot`. */
function databaseOf(source: string): string {
  return decodeURIComponent(source.split('/')[3] ?? '');
}
