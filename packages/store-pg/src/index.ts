export { type PostgresCheckpointsOptions, postgresCheckpoints } from './checkpoints/postgres-checkpoints.js';
export { type Queryable, saveCheckpoints } from './checkpoints/save-statement.js';
export type { Connection } from './connection/connection.js';
export { fromPostgres, isDataError } from './failure/postgres-errors.js';
export { type MigrateOptions, migrate } from './migrations/migrate.js';
export type { Migration } from './migrations/migration.js';
export type { Row } from './table-sink/row-change.js';
export { type TableSinkOptions, tableSink } from './table-sink/table-sink.js';
