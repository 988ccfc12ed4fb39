import type { Settings } from './settings.js';

/**
 * One line for each part whose address is given though this program runs with the embedded one. It names the variables and never
 * what is in them: addresses may hold passwords.
 */
export function notUsed(settings: Settings): string[] {
  const { databaseUrl, replicationDatabaseUrl, kafkaBrokers, redisUrl, elasticsearchUrl, s3 } = settings;
  const embedded: readonly (readonly [variable: string, value: unknown, part: string])[] = [
    ['DATABASE_URL', databaseUrl, 'database'],
    ['REPLICATION_DATABASE_URL', replicationDatabaseUrl, 'database'],
    ['KAFKA_BROKERS', kafkaBrokers, 'topics'],
    ['REDIS_URL', redisUrl, 'cache'],
    ['ELASTICSEARCH_URL', elasticsearchUrl, 'search'],
    ['S3_ENDPOINT', s3, 'object store'],
  ];
  return embedded
    .filter(([, value]) => value !== undefined)
    .map(
      ([variable, , part]) => `${variable} is set, but this version runs with the embedded ${part}: it is not used.`,
    );
}
