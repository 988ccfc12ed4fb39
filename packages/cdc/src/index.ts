export type {
  Change,
  ChangeOf,
  DeleteChange,
  InsertChange,
  MessageChange,
  ReadChange,
  TableChange,
  TruncateChange,
  UpdateChange,
  UpdatedRow,
} from './change/change.js';
export { type RowEventsOptions, type RowOf, rowEvents } from './change/row-events.js';
export { type TableRef, table } from './change/table-ref.js';
export type { Connection } from './connection/settings.js';
export type { DebeziumSource, DebeziumValue } from './debezium/envelope.js';
export { type DebeziumOptions, toDebezium } from './debezium/to-debezium.js';
export type { ReconnectOptions } from './replication/backoff.js';
export type { PostgresChangesOptions } from './source/options.js';
export { postgresChanges } from './source/postgres-changes.js';
export { JsonText } from './values/json-text.js';
export type { ArrayValue, Value } from './values/value.js';
