export { type PostgresOptions, type PostgresServer, startPostgres } from './start-postgres.js';
export { type TestDatabase, type TestDatabaseOptions, testDatabase } from './test-database.js';
export type { PostgresVersion } from './versions.js';
