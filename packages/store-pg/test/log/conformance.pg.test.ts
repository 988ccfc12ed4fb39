import { Envelope, type EventOrigin } from '@sluice/contracts';
import { conformance, type Sample, sinkConformance, transportConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, test } from 'vitest';
import { postgresCheckpoints, postgresLog } from '../../src/index.js';

const database = useDatabase();

for (const partitions of [1, 3]) {
  conformance(
    transportConformance({
      name: `Postgres log, ${partitions} partitions`,
      features: { ack: 'cumulative', orderedByKey: true, durable: true, groups: true },
      refusedTopics: ['', '.', '..', 'a b', 'ä', 'a/b', 'x'.repeat(250), 'a\u0000'],
      async create() {
        return {
          transport: () => postgresLog({ connection: database.url, schema: `it's a "log`, partitions }),
          async [Symbol.asyncDispose]() {},
        };
      },
    }),
    { describe, test },
  );
}

const origin: EventOrigin = {
  source: '/samples',
  type: () => 'sample',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as Sample).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};

conformance(
  sinkConformance<string>({
    name: 'Postgres log',
    features: { delivery: 'atomic', maxEvents: 5_000 },
    keeps: 'all',
    poisonable: true,
    async create() {
      const own = await testDatabase({ name: 'log_sink' });
      const log = () => postgresLog({ connection: own.url, maxEventBytes: 10_000 });
      return {
        sink: () => log().sink<string>({ topic: 't', encode: (text) => Buffer.from(text) }),
        event: (sample, version) => new Envelope<string>(sample.value, origin, Number(version), sample),
        poison: (key, version) => new Envelope<string>('x'.repeat(10_000), origin, Number(version), { key }),
        read: () =>
          own.query<{ key: string; value: string | null }>(
            `SELECT key, convert_from(data, 'UTF8') AS value FROM sluice.log_events ORDER BY partition, log_offset`,
          ),
        checkpoints: () => postgresCheckpoints({ connection: own.url }),
        [Symbol.asyncDispose]: own.drop,
      };
    },
  }),
  { describe, test },
);
