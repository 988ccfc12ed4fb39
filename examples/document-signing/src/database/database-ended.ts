import type { PostgresServer } from '@sluice/testkit/postgres';

/** The database is gone, though nobody stopped it. */
export class DatabaseEnded extends Error {
  constructor({ code, signal }: Awaited<PostgresServer['exited']>) {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    super(`Postgres has ended (${how}); stopping. Start again with npm start: the data is kept.`);
  }
}
