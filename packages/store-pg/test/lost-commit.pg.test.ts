import { memorySource, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Row, tableSink } from '../src/index.js';

const database = useDatabase();

/** Sessions that have their COMMIT before them and wait for the gate. */
const UNDER_WAY = `
SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE application_name = $1 AND locktype = 'advisory' AND objid = 42 AND NOT granted`;

/** A pipeline of one event over a line that can be cut while the server, which takes its time for a commit, has COMMIT before it. */
async function slowToCommit(name: string, maxConnections?: number, options?: string) {
  await database.query(`
    CREATE TABLE ${name} (id int PRIMARY KEY, writes int NOT NULL DEFAULT 1);
    CREATE FUNCTION ${name}_count() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END $$;
    CREATE TRIGGER count BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}_count();
    CREATE FUNCTION ${name}_wait() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON ${name} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION ${name}_wait()`);
  const { hostname, port } = new URL(database.url);
  const line = await faultProxy({ target: { host: hostname, port: Number(port) } });
  const connection = {
    connectionString: line.through(database.url),
    application_name: name,
    ...(options ? { options } : {}),
  };
  const gate = await database.pool.connect();
  await gate.query('SELECT pg_advisory_lock(42)');
  const source = memorySource<Row>();
  source.push({ key: '1', data: { id: 1 } });
  source.end();
  const sink = tableSink({ connection, table: name, key: ['id'], ...(maxConnections ? { maxConnections } : {}) });
  const retry = { maxAttempts: 1_000, initialMs: 1, maxMs: 20 };
  const abort = new AbortController();
  const done = pipeline(name).from(source).to(sink, { retry }).run(abort.signal);
  done.catch(() => undefined); // a test that does not look at it has ended it
  const pids = await waitFor(
    async () => {
      const rows = await database.query<{ pid: number }>(UNDER_WAY, [name]);
      return rows.length > 0 && rows.map(({ pid }) => pid);
    },
    { what: 'the commit to be under way', timeoutMs: 30_000 },
  );
  return {
    line,
    done,
    abort,
    pid: pids[0] as number,
    open: () => gate.query('SELECT pg_advisory_unlock(42)'),
    rows: () => database.query(`SELECT id, writes FROM ${name}`),
    async [Symbol.asyncDispose]() {
      gate.release(true);
      await line.heal();
      abort.abort();
      await done.catch(() => undefined);
      await line.stop();
    },
  };
}

test('a pipeline whose commit has lost its answer does not write again what is written', async () => {
  await using one = await slowToCommit('answer_lost');
  one.line.reset();
  await one.open();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('nothing is written again before the transaction in doubt is over', async () => {
  await using one = await slowToCommit('not_over');
  one.line.reset();
  const asked = `SELECT FROM pg_stat_activity WHERE application_name = 'not_over' AND query LIKE '%xact_start%'`;
  await waitFor(async () => (await database.query(asked)).length > 0, { what: 'the question' });
  expect(await database.query(UNDER_WAY, ['not_over'])).toHaveLength(1);
  await one.open();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('nor where the server does not show what its sessions do', async () => {
  const name = 'not_shown';
  await using one = await slowToCommit(name, undefined, '-c track_activities=off');
  one.line.reset();
  await waitFor(() => one.line.connections.length > 0, { what: 'another connection' });
  // A second write would wait for the first one's row, and then find it there.
  const second = () =>
    database.query(
      `SELECT FROM pg_stat_activity JOIN pg_locks USING (pid)
       WHERE application_name = $1 AND locktype = 'transactionid' AND NOT granted`,
      [name],
    );
  const asked = waitFor(async () => (await second()).length > 0, { what: 'a second write', timeoutMs: 2_000 });
  await expect(asked).rejects.toMatchObject({ code: 'TEST_WAIT_TIMEOUT' });
  await one.open();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('its end is learned also where the lost connection was the only one there may be', async () => {
  await using one = await slowToCommit('only_one', 1);
  one.line.reset();
  await one.open();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('its end is asked for until the line is there again', async () => {
  await using one = await slowToCommit('line_down');
  one.line.refuse();
  one.line.reset();
  await one.open();
  await waitFor(async () => (await one.rows()).length === 1, { what: 'the commit' });
  await one.line.accept();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('a commit that the server gave up is written again', async () => {
  await using one = await slowToCommit('given_up');
  one.line.reset();
  await database.query('SELECT pg_terminate_backend($1)', [one.pid]);
  await one.open();
  await one.done;
  expect(await one.rows()).toEqual([{ id: 1, writes: 1 }]);
}, 120_000);

test('asking for its end ends when nobody waits for it any more', async () => {
  await using one = await slowToCommit('nobody_waits');
  one.line.refuse();
  one.line.reset();
  await waitFor(() => one.line.connections.length === 0, { what: 'the connection to be gone' });
  one.abort.abort();
  await one.done.catch(() => undefined);
  expect(await one.rows()).toEqual([]);
}, 120_000);
