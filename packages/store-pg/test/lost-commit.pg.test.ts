import { Envelope } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Row, tableSink } from '../src/index.js';
import { origin } from './support/row-origin.js';

const database = useDatabase();

/** A sink over a line that can be cut while the server, which takes its time for a commit, has COMMIT before it. */
async function slowToCommit(name: string, maxConnections?: number) {
  await database.query(`
    CREATE TABLE ${name} (id int PRIMARY KEY);
    CREATE FUNCTION ${name}_wait() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON ${name} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION ${name}_wait()`);
  const { hostname, port } = new URL(database.url);
  const line = await faultProxy({ target: { host: hostname, port: Number(port) } });
  const connection = { connectionString: line.through(database.url), application_name: name };
  const abort = new AbortController();
  const context = { pipeline: 'p', signal: abort.signal, notice: () => undefined };
  const session = await tableSink({
    connection,
    table: name,
    key: ['id'],
    ...(maxConnections ? { maxConnections } : {}),
  }).open(context);
  const gate = await database.pool.connect();
  await gate.query('SELECT pg_advisory_lock(42)');
  const write = session.write([new Envelope<Row>({ id: 1 }, origin, 0, '1')], {
    checkpoints: [],
    attempt: 0,
    signal: abort.signal,
  });
  const outcome = write.then(
    () => 'written',
    (error: unknown) => error,
  );
  const pid = await waitFor(
    async () => {
      const [row] = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query = 'COMMIT' AND wait_event_type = 'Lock'`,
        [name],
      );
      return row?.pid;
    },
    { what: 'the commit to be under way', timeoutMs: 30_000 },
  );
  return {
    line,
    outcome,
    pid,
    abort,
    open: () => gate.query('SELECT pg_advisory_unlock(42)'),
    async [Symbol.asyncDispose]() {
      gate.release(true);
      await line.heal();
      await session[Symbol.asyncDispose]();
      await line.stop();
    },
  };
}

test('a commit whose answer is lost with the connection is not taken for a failure', async () => {
  await using sink = await slowToCommit('answer_lost');
  sink.line.reset();
  await sink.open();
  expect(await sink.outcome).toBe('written');
  expect(await database.query('SELECT id FROM answer_lost')).toEqual([{ id: 1 }]);
}, 120_000);

test('the outcome is learned also where the lost connection was the only one there may be', async () => {
  await using sink = await slowToCommit('only_one', 1);
  sink.line.reset();
  await sink.open();
  expect(await sink.outcome).toBe('written');
}, 30_000);

test('the outcome is asked for until the line is there again', async () => {
  await using sink = await slowToCommit('line_down');
  sink.line.refuse();
  sink.line.reset();
  await sink.open();
  await waitFor(async () => (await database.query('SELECT id FROM line_down')).length === 1, { what: 'the commit' });
  await sink.line.accept();
  expect(await sink.outcome).toBe('written');
}, 120_000);

test('a commit that the server gave up is a failure, and nothing is written', async () => {
  await using sink = await slowToCommit('given_up');
  sink.line.reset();
  await database.query('SELECT pg_terminate_backend($1)', [sink.pid]);
  await sink.open();
  expect(await sink.outcome).toMatchObject({ code: 'STORE_PG_UNAVAILABLE', retry: 'backoff' });
  expect(await database.query('SELECT id FROM given_up')).toEqual([]);
}, 120_000);

test('asking for the outcome ends when nobody waits for it any more', async () => {
  await using sink = await slowToCommit('nobody_waits');
  sink.line.refuse();
  sink.line.reset();
  await waitFor(() => sink.line.connections.length === 0, { what: 'the connection to be gone' });
  sink.abort.abort();
  expect(await sink.outcome).toMatchObject({ code: expect.stringMatching(/^STORE_PG_/) });
}, 120_000);
