import { startPostgres } from './start-postgres.js';

/**
 * vitest `globalSetup`: gives the tests a Postgres in SLUICE_TEST_POSTGRES_URL, the one that is named there already or one
 * that lives as long as the run.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['SLUICE_TEST_POSTGRES_URL']) {
    process.stdout.write('Postgres: as SLUICE_TEST_POSTGRES_URL says\n');
    return undefined;
  }
  const startedAt = performance.now();
  const server = await startPostgres();
  process.env['SLUICE_TEST_POSTGRES_URL'] = server.url;
  process.stdout.write(`Postgres: from npm, port ${server.port}, in ${Math.round(performance.now() - startedAt)} ms\n`);
  return () => {
    delete process.env['SLUICE_TEST_POSTGRES_URL'];
    return server.stop();
  };
}
