import { expandEvents, leasedSource, pipeline } from '@sluice/runtime';
import { postgresLease, tableSink } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents } from '../../src/index.js';

const origin = useDatabase();
const timeoutMs = 60_000;

test('two instances of one replication: the one that stands by goes on where the other left off, snapshot and all', {
  timeout: 180_000,
}, async () => {
  await using target = await testDatabase({ name: 'leased' });
  const table = 'CREATE TABLE items (id int PRIMARY KEY, text text NOT NULL)';
  await origin.query(table);
  await target.query(table);
  await origin.query(`INSERT INTO items SELECT n, 'snapshot' FROM generate_series(1, 500) n`);
  await using lease = postgresLease({ connection: target.url });

  const instance = () => {
    const notices: string[] = [];
    const source = postgresChanges({ connection: origin.url, tables: ['public.items'], slot: `leased_${origin.name}` });
    const running = pipeline('leased', { notice: ({ message }) => void notices.push(message) })
      .from(leasedSource(source, { lease, share: 'source', ttlMs: 10_000, pollMs: 50 }))
      .pipe(expandEvents(rowEvents()))
      .to(tableSink({ connection: target.url, table: 'items', key: ['id'] }), { retry: { initialMs: 10, maxMs: 100 } });
    const ended = running.run();
    ended.catch(() => 'seen by the test');
    return { running, ended, notices };
  };
  const rows = 'SELECT id, text FROM items ORDER BY id';
  const equal = () =>
    waitFor(async () => JSON.stringify(await target.query(rows)) === JSON.stringify(await origin.query(rows)), {
      what: 'the copy to equal the origin',
      timeoutMs,
    });

  const first = instance();
  await equal();
  const second = instance();
  await waitFor(() => second.running.report().standby, { what: 'the second one to stand by', timeoutMs });
  await origin.query(`UPDATE items SET text = 'first' WHERE id % 3 = 0`);
  await equal();
  await first.running.drain();
  await first.ended;
  await origin.query(`DELETE FROM items WHERE id % 5 = 0`);
  await equal();
  expect([second.running.state, second.running.report().counters.generations]).toEqual(['running', 1]);
  await second.running.drain();
  await second.ended;
});
