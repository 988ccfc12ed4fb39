import { Envelope } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresCheckpoints, postgresDeadLetters, postgresLease, type Row, tableSink } from '../src/index.js';
import { origin } from './support/row-origin.js';

const database = useDatabase();
const SOON = { statementTimeoutMs: 300 };
const unavailable = { code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' };

async function line() {
  const { hostname, port } = new URL(database.url);
  return faultProxy({ target: { host: hostname, port: Number(port) } });
}

/** A sink over a line that can fall silent. */
async function sinkOn(table: string, limits: { statementTimeoutMs?: number }) {
  await database.query(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
  const proxy = await line();
  const abort = new AbortController();
  const context = { pipeline: 'p', signal: abort.signal, notice: () => undefined };
  const connection = { connectionString: proxy.through(database.url), application_name: table };
  const session = await tableSink({ connection, table, key: ['id'], ...limits }).open(context);
  return {
    proxy,
    abort,
    write: (id: number) =>
      session.write([new Envelope<Row>({ id }, origin, id, `${id}`)], {
        checkpoints: [],
        attempt: 0,
        signal: abort.signal,
      }),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await proxy.stop();
    },
  };
}

test('a write that the target never answers fails, and the next one goes through', async () => {
  await using sink = await sinkOn('silent', SOON);
  await sink.write(1);
  sink.proxy.up.set({ halfOpen: true });
  await expect(sink.write(2)).rejects.toMatchObject(unavailable);
  await sink.proxy.heal();
  await sink.write(3);
  expect(await database.query('SELECT id FROM silent ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
}, 120_000);

test('a write that nobody waits for any more does not hold its connection', async () => {
  await using sink = await sinkOn('nobody', {});
  await sink.write(1);
  sink.proxy.up.set({ halfOpen: true });
  const writing = sink.write(2).catch((error: unknown) => error);
  sink.abort.abort();
  expect(await writing).toMatchObject({ code: 'STORE_PG_UNAVAILABLE' });
}, 50_000);

test('a statement that waits for a lock too long is ended by the server, and no session of it stays', async () => {
  await using sink = await sinkOn('locked', SOON);
  const blocker = await database.pool.connect();
  await blocker.query('BEGIN; LOCK TABLE locked');
  await expect(sink.write(1)).rejects.toMatchObject({ code: 'STORE_PG_CONFLICT', details: { sqlState: '57014' } });
  const waiting = () =>
    database.query(`SELECT FROM pg_stat_activity WHERE application_name = 'locked' AND state <> 'idle'`);
  await waitFor(async () => (await waiting()).length === 0, { what: 'the statement to be gone' });
  await blocker.query('ROLLBACK');
  blocker.release();
  await sink.write(1);
}, 120_000);

test('checkpoints, leases and dead letters do not wait for ever for a server that never answers', async () => {
  await using proxy = await line();
  const options = { connection: proxy.through(database.url), ...SOON };
  await using checkpoints = postgresCheckpoints(options);
  await using lease = postgresLease(options);
  await using letters = postgresDeadLetters(options);
  const uses = [() => checkpoints.load('p'), () => lease.acquire('r', 'o', 60_000), () => letters.parkedKeys('p', 's')];
  for (const use of uses) await use();
  proxy.up.set({ halfOpen: true });
  await Promise.all(uses.map((use) => expect(use()).rejects.toMatchObject(unavailable)));
  await proxy.heal();
  for (const use of uses) await use();
}, 120_000);

test('a start before a server that lets nobody in fails', async () => {
  await using proxy = await line();
  proxy.up.set({ halfOpen: true });
  await using checkpoints = postgresCheckpoints({ connection: proxy.through(database.url), ...SOON });
  await expect(checkpoints.load('p')).rejects.toMatchObject(unavailable);
}, 120_000);

test('a time-out that no timer takes is refused', () => {
  for (const statementTimeoutMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    const options = { connection: database.url, statementTimeoutMs };
    expect(() => postgresLease(options)).toThrow(/statementTimeoutMs/);
    expect(() => postgresCheckpoints(options)).toThrow(/statementTimeoutMs/);
    expect(() => tableSink({ ...options, table: 't', key: ['id'] })).toThrow(/statementTimeoutMs/);
  }
});
