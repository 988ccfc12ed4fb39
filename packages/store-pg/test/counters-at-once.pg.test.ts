import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { postgresCounters } from '../src/index.js';

const database = useDatabase();

/** Another process, in the middle of its transaction. */
async function otherProcess(): Promise<Client & AsyncDisposable> {
  const client = new Client(database.url);
  await client.connect();
  await client.query('BEGIN');
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const somebodyWaits = () =>
  waitFor(
    async () => {
      const [row] = await database.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return row?.waiting;
    },
    { what: 'a statement to wait for a lock', timeoutMs: 30_000 },
  );

test('a removal that waits for a count takes the member of that count away, too', async () => {
  await using counters = postgresCounters({
    connection: database.url,
    schema: 'removal',
    secret: 'sixteen bytes at least',
  });
  await counters.count('page', 'ann');
  await using other = await otherProcess();
  await other.query(`SELECT removal.count_up(ARRAY['page'::bytea], ARRAY['\\x01'::bytea], ARRAY[1::bigint])`);
  const removing = counters.remove(['page']);
  await somebodyWaits();
  await other.query('COMMIT');
  await removing;
  expect(await database.query('SELECT key FROM removal.counters')).toEqual([]);
  expect(await database.query('SELECT key FROM removal.counter_members')).toEqual([]);
});

test('a count that waits for a removal counts its member anew', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'anew' });
  await counters.count('page', 'ann');
  await using other = await otherProcess();
  await other.query(`SELECT anew.remove_counts(ARRAY['page'::bytea])`);
  const counting = counters.count('page', 'ann');
  await somebodyWaits();
  await other.query('COMMIT');
  await counting;
  expect((await counters.read(['page'])).get('page')).toEqual({ total: 1, unique: 1 });
});

test('keys are held in their order, so that two processes never hold what the other waits for', async () => {
  await using counters = postgresCounters({ connection: database.url, schema: 'order' });
  const keys = Array.from({ length: 300 }, (_, n) => `k${String(n).padStart(3, '0')}`);
  await Promise.all(keys.map((key) => counters.count(key, 'ann')));
  await using other = await otherProcess();
  await other.query(`SELECT "order".count_up(ARRAY['k000'::bytea], ARRAY['\\x01'::bytea], ARRAY[1::bigint])`);
  const counting = Promise.all(keys.toReversed().map((key) => counters.count(key, 'ben')));
  await somebodyWaits();
  const free = await database.query(`SELECT key FROM "order".counters FOR UPDATE SKIP LOCKED`);
  expect(free).toHaveLength(299);
  await other.query('COMMIT');
  await counting;
});
