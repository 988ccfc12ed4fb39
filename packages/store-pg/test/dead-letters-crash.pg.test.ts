import { waitFor } from '@sluice/testkit';
import { testDatabase } from '@sluice/testkit/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresDeadLetters } from '../src/index.js';
import type { Orders } from './fixtures/instance.js';
import { InstanceProcesses } from './support/instance-process.js';

const timeoutMs = 60_000;

let processes: InstanceProcesses;
beforeAll(async () => {
  processes = await InstanceProcesses.build();
});
afterAll(() => processes[Symbol.asyncDispose]());

const WHEN = {
  before: 'just before its letter is put',
  never: 'while its letter is being put',
  after: 'when its letter is durable and its checkpoint is not',
} as const;

for (const holdPut of ['before', 'never', 'after'] as const) {
  test(`a process killed ${WHEN[holdPut]}: after the restart each letter is there once, and nothing is lost`, {
    timeout: 180_000,
  }, async () => {
    const db = await testDatabase({ name: 'buried' });
    await using letters = postgresDeadLetters({ connection: db.url });
    await db.query(`
      CREATE TABLE log (lane text, n int, id int, PRIMARY KEY (lane, n));
      CREATE TABLE target (id int PRIMARY KEY, n int NOT NULL);
      INSERT INTO log SELECT 'x', n, n FROM generate_series(0, 49) n`);
    expect(await letters.list({ pipeline: 'service' })).toEqual([]);
    const locker = await db.pool.connect();
    try {
      await locker.query('BEGIN');
      // The put waits in the server until the process is gone.
      if (holdPut === 'never') await locker.query('LOCK TABLE sluice.dead_letters IN SHARE MODE');
      const orders: Orders = { url: db.url, sink: 'plain', share: 'source', ttlMs: 1_000, refuse: 3 };
      const killed = processes.start({ ...orders, holdPut });
      await killed.says('holds');
      const waits = `SELECT FROM pg_locks WHERE relation = 'sluice.dead_letters'::regclass AND NOT granted`;
      if (holdPut === 'never') {
        await waitFor(async () => (await db.query(waits)).length > 0, { what: 'the put to wait', timeoutMs });
      }
      killed.kill();
      await locker.query('COMMIT');
      processes.start(orders);
      const written = async () => (await db.query('SELECT n FROM target ORDER BY n')).map(({ n }) => n as number);
      await waitFor(async () => (await written()).length === 45, { what: 'the good events', timeoutMs });
      const all = Array.from({ length: 50 }, (_, n) => n);
      await waitFor(async () => (await letters.list({ pipeline: 'service' })).length >= 5, {
        what: 'letters',
        timeoutMs,
      });
      expect(await written()).toEqual(all.filter((n) => n % 10 !== 3));
      const found = await letters.list({ pipeline: 'service' });
      expect(found.map(({ event }) => event.data)).toEqual(all.filter((n) => n % 10 === 3).map((n) => ({ id: n, n })));
    } finally {
      locker.release(true);
      processes.killAll();
    }
    await letters[Symbol.asyncDispose]();
    await db.drop();
  });
}
