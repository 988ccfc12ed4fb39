import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { openPool } from '../../src/database/pool.js';
import { isUnavailable } from '../../src/http/unavailable.js';

const database = useDatabase();

test('nobody waits for ever for a lock that somebody holds: it is unavailable, and the connection is as good as before', async () => {
  const pool = openPool(database.url, 300);
  onTestFinished(() => pool.end());
  await database.query('CREATE TABLE held (id int)');
  const holder = await database.pool.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE held');
    const asked = await Promise.allSettled(Array.from({ length: 30 }, () => pool.query('SELECT * FROM held')));
    for (const one of asked) expect(one.status === 'rejected' && isUnavailable(one.reason)).toBe(true);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  expect((await pool.query('SELECT * FROM held')).rows).toEqual([]);
  const waiting = await pool.query(`SHOW idle_in_transaction_session_timeout`);
  expect(waiting.rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
});
