import { conformance, type SourceFixture, sourceConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { describe, test } from 'vitest';
import type { Change } from '../../src/index.js';
import { changesOf } from '../support/drive.js';

async function fixture(): Promise<SourceFixture<Change>> {
  const db = await testDatabase({ name: 'conformance' });
  const slot = `${db.name}_slot`;
  // The key is the row's; a change of its value must not need an earlier row to be there.
  await db.query('CREATE TABLE samples (key text PRIMARY KEY, value text)');
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE samples`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  return {
    source: () =>
      changesOf(db.url, slot, { publication: slot, slot: { name: slot, create: false }, snapshot: 'never' }),
    async produce(samples) {
      const client = await db.pool.connect();
      await client.query('BEGIN');
      for (const { key, value } of samples) {
        await client.query(
          'INSERT INTO samples VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value',
          [key, value],
        );
      }
      await client.query('COMMIT');
      client.release();
    },
    value: (event) => String(event.data?.after?.['value']),
    [Symbol.asyncDispose]: () => db.drop(),
  };
}

conformance(
  sourceConformance({
    name: 'postgresChanges',
    features: { ack: 'cumulative', replayable: true },
    create: fixture,
  }),
  { describe, test },
);
