import { randomBytes } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';
import { Client } from 'pg';
import { serverSettings } from '../postgres/settings.js';
import { startPostgres } from '../postgres/start-postgres.js';
import { checkVersion, type PostgresVersion } from '../postgres/versions.js';
import { waitFor } from '../wait/wait-for.js';
import { startContainer } from './container.js';
import { obtainService } from './obtain-service.js';
import { type Service, type ServiceOptions, type ServiceProvider, type ServiceWay, Unavailable } from './service.js';

/** Which Postgres is wanted. */
export interface PostgresServiceOptions extends ServiceOptions {
  /** Its major version. Default: what the environment names, else 18. */
  readonly version?: PostgresVersion;
  /** Settings of postgresql.conf for a server that is started, on top of ours. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Default: `postgres` with the version as its tag. */
  readonly image?: string;
}

/** A Postgres with `wal_level=logical`, and its superuser in the URL, unless the environment named another. */
export interface PostgresService extends Service {
  /** The server's own word, such as `16.14`. */
  readonly serverVersion: string;
}

/**
 * A Postgres of the wanted version: from SLUICE_TEST_POSTGRES_<version>_URL, from SLUICE_TEST_POSTGRES_URL when that server
 * has the version, from Docker, else from npm.
 *
 * @throws ComponentError `TEST_SERVICE_MISSING`, `OPTIONS_INVALID`, and those of `startPostgres`.
 */
export function postgresService(options: PostgresServiceOptions = {}): Promise<PostgresService> {
  checkVersion(options.version);
  return obtainService(postgresProvider(options), options);
}

/** The provider behind `postgresService`. */
export function postgresProvider(options: PostgresServiceOptions): ServiceProvider<PostgresService> {
  const { version } = options;
  return {
    name: `Postgres${version === undefined ? '' : ` ${version}`}`,
    fromUrl: (env) => fromUrl(env, version),
    fromDocker: () => fromDocker(options),
    fromRecipe: () => fromRecipe(options),
  };
}

async function fromUrl(
  env: NodeJS.ProcessEnv,
  version: PostgresVersion | undefined,
): Promise<PostgresService | Unavailable> {
  const own = `SLUICE_TEST_POSTGRES_${version}_URL`;
  const name = version !== undefined && env[own] ? own : 'SLUICE_TEST_POSTGRES_URL';
  const url = env[name];
  if (!url) return new Unavailable(`${name} is not set`);
  const serverVersion = await versionOf(url);
  if (version !== undefined && Number.parseInt(serverVersion, 10) !== version) {
    const reason = `${name} is Postgres ${serverVersion}`;
    if (name === own) throw new ComponentError('OPTIONS_INVALID', reason);
    return new Unavailable(reason);
  }
  return service(url, serverVersion, 'url', `as ${name} says (${serverVersion})`, async () => undefined);
}

async function fromDocker(options: PostgresServiceOptions): Promise<PostgresService | Unavailable> {
  const { version = 18, image = `postgres:${version}` } = options;
  const password = randomBytes(18).toString('base64url');
  // Where it listens is the image's affair.
  const { listen_addresses: _, unix_socket_directories: __, ...settings } = serverSettings(true);
  const command = Object.entries({ ...settings, ...options.settings }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const container = await startContainer({
    image,
    port: 5432,
    env: { POSTGRES_PASSWORD: password },
    command: ['postgres', ...command],
    readyLog: /database system is ready to accept connections/,
  });
  if (container instanceof Unavailable) return container;
  const url = `postgres://postgres:${password}@${container.host}:${container.port}/postgres`;
  try {
    // The official image starts it twice: the first server, for the set-up, says it is ready too.
    const serverVersion = await waitFor(() => versionOf(url), { what: `${image} to answer`, timeoutMs: 60_000 });
    return service(url, serverVersion, 'docker', `from Docker, image ${image} (${serverVersion})`, container.stop);
  } catch (error) {
    await container.stop();
    throw error;
  }
}

async function fromRecipe({ version = 18, settings = {} }: PostgresServiceOptions): Promise<PostgresService> {
  const server = await startPostgres({ version, settings });
  const serverVersion = await versionOf(server.url);
  return service(server.url, serverVersion, 'recipe', `from npm (${serverVersion})`, () => server.stop());
}

function service(
  url: string,
  serverVersion: string,
  from: ServiceWay,
  origin: string,
  stop: () => Promise<void>,
): PostgresService {
  return { url, serverVersion, from, origin, stop, [Symbol.asyncDispose]: stop };
}

async function versionOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // told by the query
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version.split(' ')[0] ?? '';
  } finally {
    await client.end().catch(() => undefined); // it had not come to be connected
  }
}
