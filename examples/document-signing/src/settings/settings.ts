import { ComponentError } from '@sluice/contracts';
import { defineConfig, field, type Variables } from '@sluice/runtime';
import { z } from 'zod';
import { DEFAULT_PORT_BASE, MAX_PORT_BASE, type Ports, portsFrom } from './ports.js';

/** What the environment says, read once. An address that is not given: that part is the embedded one. */
export interface Settings {
  readonly ports: Ports;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** DATABASE_URL */
  readonly databaseUrl: string | undefined;
  /** REPLICATION_DATABASE_URL: past a pooler, straight to Postgres. Default: the database's. */
  readonly replicationDatabaseUrl: string | undefined;
  /** KAFKA_BROKERS: `host:port`, with commas between. */
  readonly kafkaBrokers: readonly string[] | undefined;
  readonly redisUrl: string | undefined;
  readonly elasticsearchUrl: string | undefined;
  /** S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY: all of them, or none. */
  readonly s3:
    | { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined;
  /** JWT_SECRET: at least 32 characters. */
  readonly jwtSecret: string | undefined;
  /** TRUSTED_PROXIES: whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies: readonly string[];
  /** ALLOWED_ORIGINS: pages of other origins that may use the API. Default: none. */
  readonly allowedOrigins: readonly string[];
  /** ALLOWED_HOSTS: names besides `localhost` and addresses under which the services are reached; `*` for any. */
  readonly allowedHosts: readonly string[];
  /** RATE_LIMIT: requests of one client in a minute. Default: 120,000. */
  readonly rateLimit: number;
}

/** Where the settings come from. */
export interface SettingsOptions {
  /** Default: `process.env`. */
  readonly env?: Variables;
  /** From the command line; comes before PORT_BASE. */
  readonly portBase?: number;
}

/** Throws a ComponentError `CONFIG_INVALID` that names everything that is wrong, without secrets. */
export function readSettings({ env = process.env, portBase }: SettingsOptions = {}): Settings {
  const given = defineConfig({
    fields: FIELDS,
    env: portBase === undefined ? env : { ...env, PORT_BASE: String(portBase) },
  });
  const { ports, s3, ...rest } = given;
  return { ...rest, ports: portsFrom(ports.base), s3: s3Of(s3) };
}

const list = z
  .string()
  .transform((text) => text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()])));
const address = (variable: string, protocols: RegExp, expects: string) =>
  field(z.url({ protocol: protocols }).optional(), { env: variable, expects });
const names = (variable: string, expects: string) => field(list, { env: variable, default: '', expects });

const FIELDS = {
  ports: {
    base: field(z.coerce.number().int().min(0).max(MAX_PORT_BASE), {
      env: 'PORT_BASE',
      default: DEFAULT_PORT_BASE,
      expects: `a port from 1 to ${MAX_PORT_BASE}, or 0 for free ones`,
    }),
  },
  logLevel: field(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    env: 'LOG_LEVEL',
    default: 'warn',
  }),
  databaseUrl: address('DATABASE_URL', /^postgres(ql)?$/, 'postgres://user:password@host:port/database'),
  replicationDatabaseUrl: address('REPLICATION_DATABASE_URL', /^postgres(ql)?$/, 'postgres://…'),
  kafkaBrokers: field(list.pipe(z.array(z.string().regex(/^[^\s/:]+:\d+$/)).min(1)).optional(), {
    env: 'KAFKA_BROKERS',
    expects: 'host:port,host:port',
  }),
  redisUrl: address('REDIS_URL', /^rediss?$/, 'redis://host:port'),
  elasticsearchUrl: address('ELASTICSEARCH_URL', /^https?$/, 'http://host:port'),
  s3: {
    endpoint: address('S3_ENDPOINT', /^https?$/, 'http://host:port'),
    accessKeyId: field(z.string().optional(), { env: 'S3_ACCESS_KEY_ID' }),
    secretAccessKey: field(z.string().optional(), { env: 'S3_SECRET_ACCESS_KEY', secret: true }),
  },
  jwtSecret: field(z.string().min(32).optional(), {
    env: 'JWT_SECRET',
    secret: true,
    expects: 'at least 32 characters',
  }),
  trustedProxies: names('TRUSTED_PROXIES', 'addresses and networks, with commas between'),
  allowedOrigins: names('ALLOWED_ORIGINS', 'origins such as https://example.com, with commas between'),
  allowedHosts: names('ALLOWED_HOSTS', 'host names, with commas between'),
  rateLimit: field(z.coerce.number().int().min(1), { env: 'RATE_LIMIT', default: 120_000 }),
};

function s3Of(
  given: Partial<Record<'endpoint' | 'accessKeyId' | 'secretAccessKey', string | undefined>>,
): Settings['s3'] {
  const { endpoint, accessKeyId, secretAccessKey } = given;
  if (endpoint === undefined) return undefined;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { endpoint, accessKeyId, secretAccessKey };
  throw new ComponentError('CONFIG_INVALID', 'S3_ENDPOINT is given without S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY');
}
