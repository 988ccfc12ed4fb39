import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { startPostgres } from '@sluice/testkit/postgres';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { postgresLog } from '../../src/index.js';
import { context, logEvent, publish, storedEvents } from '../support/log-events.js';

const database = useDatabase();

test('a restart of Postgres in the middle loses nothing that was published, and readers go on by themselves', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-log-'));
  let server = await startPostgres({ dataDir });
  onTestFinished(async () => {
    await server.stop('immediate');
    await rm(dataDir, { recursive: true, force: true });
  });
  const { port, url } = server;
  const log = postgresLog({ connection: url, pollMs: 500, memberTtlMs: 2_000 });
  const sink = memorySink<Uint8Array>();
  const running = pipeline('restart')
    .from(log.subscribe({ topics: ['t'], group: 'g' }))
    .to(sink, { checkpoints: memoryCheckpoints(), retry: { initialMs: 10, maxMs: 200, maxAttempts: 1_000 } });
  const ended = running.run();
  ended.catch(() => undefined); // looked at in the end
  await using publisher = await log.publisher(context());
  const published: string[] = [];
  const uncertain = new Set<string>();
  const publishOne = async (id: string) => {
    try {
      await publisher.publish('t', [logEvent(id, 'k')]);
      published.push(id);
    } catch {
      uncertain.add(id); // the server is away
    }
  };
  for (let n = 0; n < 50; n++) await publishOne(`before ${n}`);
  for (const mode of ['fast', 'immediate'] as const) {
    const stopping = server.stop(mode);
    // It may be in doubt, and waits for the server then.
    const during = publishOne(`while stopping ${mode}`);
    await stopping;
    server = await startPostgres({ dataDir, port });
    await during;
    const goesOn = async () => {
      await publishOne(`after ${mode} ${published.length + uncertain.size}`);
      return published.at(-1)?.startsWith(`after ${mode}`);
    };
    await waitFor(goesOn, { what: 'publishing to go on', timeoutMs: 60_000 });
  }
  const read = () => sink.events.map(({ id }) => id);
  await waitFor(() => read().includes(published.at(-1) as string), { what: 'the last event', timeoutMs: 60_000 });
  await running.drain();
  await ended;
  // A pipeline without an atomic sink may repeat what was in flight; nothing is missing, and first sightings are in order.
  const seen = [...new Set(read())].filter((id) => !uncertain.has(id));
  expect(seen).toEqual(published);
}, 240_000);

test('an append whose answer is lost is published once, and is not reported as failed', async () => {
  const { hostname: host, port } = new URL(database.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  const connection = { connectionString: line.through(database.url), application_name: 'answer-lost' };
  await publish(postgresLog({ connection: database.url }), 'doubt', [logEvent('first', 'k')]);
  {
    await using gate = await slowCommits('answer-lost');
    await using publisher = await postgresLog({ connection }).publisher(context());
    const publishing = publisher.publish('doubt', [logEvent('second', 'k'), logEvent('third', 'k')]);
    publishing.catch(() => undefined); // looked at below
    await gate.reached();
    line.reset();
    await gate.open();
    await publishing;
  }
  expect((await storedEvents(database, 'doubt')).map(({ id }) => id)).toEqual(['first', 'second', 'third']);
}, 120_000);

test('an append whose answer is lost with the server is not asked after for ever', async () => {
  const { hostname: host, port } = new URL(database.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  const connection = { connectionString: line.through(database.url), application_name: 'never-known' };
  await publish(postgresLog({ connection: database.url }), 'unknown', [logEvent('first', 'k')]);
  await using gate = await slowCommits('never-known');
  await using publisher = await postgresLog({ connection, statementTimeoutMs: 500 }).publisher(context());
  const publishing = publisher.publish('unknown', [logEvent('second', 'k')]);
  publishing.catch(() => undefined); // looked at below
  await gate.reached();
  line.refuse();
  line.reset();
  await expect(publishing).rejects.toMatchObject({ code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' });
}, 120_000);

test('a publisher over a line that never answers fails, and publishes again once the line is back', async () => {
  const { hostname: host, port } = new URL(database.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  const log = postgresLog({ connection: line.through(database.url), statementTimeoutMs: 300 });
  await using publisher = await log.publisher(context());
  await publisher.publish('answerless', [logEvent('1', 'k')]);
  line.up.set({ halfOpen: true });
  const unavailable = { code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' };
  await expect(publisher.publish('answerless', [logEvent('lost', 'k')])).rejects.toMatchObject(unavailable);
  await line.heal();
  await publisher.publish('answerless', [logEvent('2', 'k')]);
  expect((await storedEvents(database, 'answerless')).map(({ id }) => id)).toEqual(['1', '2']);
}, 120_000);

test('who closes a publisher or a session over a line that has gone without a word does not wait for the line', async () => {
  const { hostname: host, port } = new URL(database.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  const log = postgresLog({ connection: line.through(database.url), statementTimeoutMs: 500 });
  const publisher = await log.publisher(context());
  await publisher.publish('closed', [logEvent('1', 'k')]);
  const source = log.subscribe({ topics: ['closed'], group: 'g' });
  const session = await source.open({ ...context(), checkpoints: new Map(), maxBatchBytes: 1_000 });
  expect((await session.head()).size).toBe(1);
  for (const direction of [line.up, line.down]) direction.set({ halfOpen: true });
  await Promise.all([publisher[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
}, 180_000);

/** Commits of appends take their time, until the gate is opened. */
async function slowCommits(application: string) {
  await database.query(`
    CREATE FUNCTION wait_for_gate() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(43); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON sluice.log_events DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION wait_for_gate()`);
  const gate = await database.pool.connect();
  await gate.query('SELECT pg_advisory_lock(43)');
  const committing = () =>
    database.query('SELECT FROM pg_stat_activity WHERE application_name = $1 AND query = $2', [application, 'COMMIT']);
  return {
    reached: () =>
      waitFor(async () => (await committing()).length > 0, { what: 'the commit to be under way', timeoutMs: 30_000 }),
    open: () => gate.query('SELECT pg_advisory_unlock(43)'),
    async [Symbol.asyncDispose]() {
      gate.release(true);
      await database.query('DROP FUNCTION wait_for_gate CASCADE');
    },
  };
}
