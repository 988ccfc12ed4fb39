import { expect, test } from 'vitest';
import { startApplication } from '../src/application.js';
import { notUsed } from '../src/settings/not-used.js';
import { portsFrom } from '../src/settings/ports.js';
import { readSettings } from '../src/settings/settings.js';

test('every service has its port by default, and PORT_BASE moves them all', () => {
  expect(readSettings({ env: {} }).ports).toEqual({
    gateway: 8000,
    signature: 8002,
    search: 8003,
    realtime: 8004,
    document: 8005,
    documentGrpc: 50_051,
  });
  expect(readSettings({ env: { PORT_BASE: '9000' } }).ports).toMatchObject({ gateway: 9000, documentGrpc: 51_051 });
  expect(readSettings({ env: { PORT_BASE: '9000' }, portBase: 9_100 }).ports.document).toBe(9_105);
  expect(new Set(Object.values(portsFrom(0)))).toEqual(new Set([0]));
});

test('a base that leaves no port for a service is refused, with what is accepted', () => {
  expect(() => readSettings({ env: { PORT_BASE: '60000' } })).toThrow(/from 1 to 23484.*PORT_BASE/s);
  expect(() => readSettings({ env: { PORT_BASE: 'x' } })).toThrow(/PORT_BASE/);
});

test('nothing is set by default: every part is the embedded one, and nobody is trusted', () => {
  const { ports: _, ...rest } = readSettings({ env: {} });
  expect(rest).toMatchObject({ logLevel: 'warn', trustedProxies: [], allowedOrigins: [], s3: undefined });
  for (const name of ['databaseUrl', 'kafkaBrokers', 'redisUrl', 'elasticsearchUrl', 'jwtSecret'] as const) {
    expect(rest[name]).toBeUndefined();
  }
});

test('each address is its own: any subset may be real', () => {
  const settings = readSettings({
    env: {
      KAFKA_BROKERS: 'a:9092, b:9092',
      S3_ENDPOINT: 'http://s3:9000',
      S3_ACCESS_KEY_ID: 'a',
      S3_SECRET_ACCESS_KEY: 'b',
    },
  });
  expect(settings.kafkaBrokers).toEqual(['a:9092', 'b:9092']);
  expect(settings.s3).toEqual({ endpoint: 'http://s3:9000', accessKeyId: 'a', secretAccessKey: 'b' });
  expect(settings.redisUrl).toBeUndefined();
});

test('what is wrong is named, without the secret in it', () => {
  const env = { DATABASE_URL: 'mysql://user:hunter2@host/db', JWT_SECRET: 'too-short', S3_ENDPOINT: 'http://s3' };
  const error = (() => {
    try {
      return readSettings({ env });
    } catch (thrown) {
      return thrown as Error;
    }
  })() as Error;
  expect(error.message).toContain('DATABASE_URL');
  expect(error.message).toContain('JWT_SECRET');
  expect(error.message).not.toMatch(/hunter2|too-short/);
  expect(() => readSettings({ env: { S3_ENDPOINT: 'http://s3' } })).toThrow(/S3_ACCESS_KEY_ID/);
});

test('an address that is given and not used yet is named, without what is in it', () => {
  expect(notUsed(readSettings({ env: {} }))).toEqual([]);
  expect(notUsed(readSettings({ env: { REDIS_URL: 'redis://:hunter2@cache:6379' } }))).toEqual([
    'REDIS_URL is set, but this version runs with the embedded cache: it is not used.',
  ]);
  const env = {
    DATABASE_URL: 'postgres://user:hunter2@host/db',
    REPLICATION_DATABASE_URL: 'postgres://user:hunter2@host/db',
    KAFKA_BROKERS: 'hunter2:9092',
    REDIS_URL: 'redis://:hunter2@host',
    ELASTICSEARCH_URL: 'http://user:hunter2@host',
    S3_ENDPOINT: 'http://hunter2',
    S3_ACCESS_KEY_ID: 'hunter2',
    S3_SECRET_ACCESS_KEY: 'hunter2',
  };
  const lines = notUsed(readSettings({ env }));
  expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(env).slice(0, 6));
  expect(lines.join()).not.toContain('hunter2');
});

test('the start says it before anything else', async () => {
  const said: string[] = [];
  const settings = readSettings({ env: { KAFKA_BROKERS: 'a:9092' } });
  // No folder can be made there: the start ends right after its first words.
  const start = startApplication({ settings, data: `${process.execPath}/data`, say: (line) => said.push(line) });
  await expect(start).rejects.toThrow();
  expect(said).toEqual(['KAFKA_BROKERS is set, but this version runs with the embedded topics: it is not used.']);
});
