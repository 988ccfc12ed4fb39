import { memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { type PostgresLogOptions, postgresLog } from '../../src/index.js';
import { logEvent, publish } from '../support/log-events.js';

const database = useDatabase();
/** Longer than any test: what comes, comes by a notification. */
const NEVER = 3_600_000;

/** A pipeline that waits at the end of an empty topic. */
async function waiting(topic: string, options: Partial<PostgresLogOptions> = {}) {
  const connection = { connectionString: database.url, application_name: topic };
  const log = postgresLog({ connection, ...options });
  const sink = memorySink<Uint8Array>();
  const running = pipeline(topic)
    .from(log.subscribe({ topics: [topic], group: topic }))
    .to(sink, { checkpoints: memoryCheckpoints(), retry: { initialMs: 10, maxMs: 100 } });
  const ended = running.run();
  ended.catch(() => undefined); // each test looks at it in the end
  await running.caughtUp({ timeoutMs: 30_000 });
  const all = () => sink.events.map(({ id }) => id);
  return {
    running,
    all,
    has: (count: number) => waitFor(() => all().length >= count, { what: `${count} events`, timeoutMs: 60_000 }),
    async [Symbol.asyncDispose]() {
      await running.drain();
      await ended;
    },
  };
}

const publisher = () => postgresLog({ connection: database.url });

test('a reader is woken by the append, and asks for nothing in between', async () => {
  await using reader = await waiting('woken', { pollMs: NEVER, memberTtlMs: NEVER });
  const asked = async () => {
    const [row] = await database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'woken' AND state <> 'idle'`,
    );
    return row?.count;
  };
  await waitFor(async () => (await asked()) === 0, { what: 'nothing to be asked', timeoutMs: 30_000 });
  for (let n = 0; n < 5; n++) {
    await publish(publisher(), 'woken', [logEvent(`${n}`)]);
    await reader.has(n + 1);
  }
  expect(reader.all()).toEqual(['0', '1', '2', '3', '4']);
});

test('a reader is woken however its connection is given: by options with a password, or by a pool of one connection', async () => {
  const { hostname: host, port, username: user, password, pathname } = new URL(database.url);
  const options = {
    host,
    port: Number(port),
    user,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  };
  const pool = new Pool({ ...options, max: 1 });
  onTestFinished(() => pool.end());
  for (const [name, connection] of Object.entries({ options, pool })) {
    await using reader = await waiting(`by-${name}`, { connection, pollMs: NEVER });
    await publish(publisher(), `by-${name}`, [logEvent('1')]);
    await reader.has(1);
  }
});

test('one connection listens, however many topics and groups a process reads', async () => {
  const log = postgresLog({ connection: { connectionString: database.url, application_name: 'many' } });
  const names = ['many-a', 'many-b', 'many-c'];
  const pipelines = names.map((name) =>
    pipeline(name)
      .from(log.subscribe({ topics: names, group: name }))
      .to(memorySink<Uint8Array>(), { checkpoints: memoryCheckpoints() }),
  );
  const runs = pipelines.map((one) => one.run());
  await Promise.all(pipelines.map((one) => one.caughtUp({ timeoutMs: 30_000 })));
  const listening = await database.query(
    `SELECT FROM pg_stat_activity WHERE application_name = 'many' AND query LIKE 'LISTEN%'`,
  );
  expect(listening).toHaveLength(1);
  await Promise.all(pipelines.map((one) => one.drain()));
  await Promise.all(runs);
  const open = () => database.query(`SELECT FROM pg_stat_activity WHERE application_name = 'many'`);
  await waitFor(async () => (await open()).length === 0, { what: 'every connection to be closed' });
});

test('a notification that was lost delays an event, and loses nothing', async () => {
  await using reader = await waiting('unheard', { pollMs: 200 });
  await publish(publisher(), 'unheard', [logEvent('told')]);
  await reader.has(1);
  await database.query(`
    WITH head AS (
      UPDATE sluice.log_partitions SET next_offset = next_offset + 1
      WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'unheard') RETURNING topic, next_offset - 1 AS at
    )
    INSERT INTO sluice.log_events (topic, partition, log_offset, id, type, source, epoch, version, bytes)
    SELECT topic, 0, at, 'silent', 't', 's', 'e', 1, 1 FROM head`);
  await reader.has(2);
  expect(reader.all()).toEqual(['told', 'silent']);
});

test('what is appended while the connection that listens is gone is read when there is another', async () => {
  await using reader = await waiting('cut-off', { pollMs: NEVER, memberTtlMs: NEVER });
  for (let n = 0; n < 3; n++) {
    const killed = await waitFor(
      async () => {
        const rows = await database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut-off' AND query LIKE 'LISTEN%'`,
        );
        return rows.length;
      },
      { what: 'the connection that listens', timeoutMs: 30_000 },
    );
    expect(killed).toBe(1);
    await publish(publisher(), 'cut-off', [logEvent(`${n}`)]);
    await reader.has(n + 1);
  }
  expect(reader.all()).toEqual(['0', '1', '2']);
}, 120_000);

test('a server that has no connection left to listen on delays events, and loses nothing', async () => {
  await publish(publisher(), 'no-room', []);
  const [me] = await database.query<{ name: string }>('SELECT quote_ident(current_user) AS name');
  await database.query(`CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2 IN ROLE ${me?.name}`);
  const connection = new URL(database.url);
  [connection.username, connection.password] = ['few', 'few'];
  {
    await using reader = await waiting('no-room', {
      connection: { connectionString: connection.href, max: 1, idleTimeoutMillis: 0 },
      pollMs: 200,
      memberTtlMs: NEVER,
    });
    await publish(publisher(), 'no-room', [logEvent('heard')]);
    await reader.has(1);
    await database.query('ALTER ROLE few CONNECTION LIMIT 1');
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'few' AND query LIKE 'LISTEN%'`,
    );
    await waitFor(() => reader.running.report().health.trouble, { what: 'trouble', timeoutMs: 30_000 });
    await publish(publisher(), 'no-room', [logEvent('unheard')]);
    await reader.has(2);
    expect(reader.all()).toEqual(['heard', 'unheard']);
  }
  await database.query('DROP ROLE few');
}, 120_000);

test('a line that has gone without a word is found out, shows as trouble, and nothing is missing after it', async () => {
  const { hostname: host, port } = new URL(database.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  await using reader = await waiting('silent-line', {
    connection: line.through(database.url),
    pollMs: 200,
    memberTtlMs: 2_000,
    statementTimeoutMs: 500,
  });
  await publish(publisher(), 'silent-line', [logEvent('before')]);
  await reader.has(1);
  line.up.set({ halfOpen: true });
  line.down.set({ halfOpen: true });
  await publish(publisher(), 'silent-line', [logEvent('during')]);
  const health = () => reader.running.report().health;
  await waitFor(() => health().trouble ?? health().reason, { what: 'trouble', timeoutMs: 60_000 });
  expect(reader.all()).toEqual(['before']);
  await line.heal();
  await publish(publisher(), 'silent-line', [logEvent('after')]);
  await reader.has(3);
  expect(reader.all()).toEqual(['before', 'during', 'after']);
}, 180_000);
