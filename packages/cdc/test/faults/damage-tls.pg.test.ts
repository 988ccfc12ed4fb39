import { expandEvents, memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { startPostgres, testDatabase } from '@sluice/testkit/postgres';
import { faultProxy } from '@sluice/testkit/proxy';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents, table } from '../../src/index.js';
import { turnOnTls } from '../support/tls-server.js';

const ROWS = 4_000;

interface Row {
  id: number;
  text: string;
}

test('over TLS, bytes that are damaged on the way never become wrong data: the link ends, and the next one repeats', async () => {
  await using server = await startPostgres();
  const ca = await turnOnTls(server);
  await using database = await testDatabase({ url: server.url });
  await database.query('CREATE TABLE rows (id int PRIMARY KEY, text text)');
  await using line = await faultProxy({ target: { host: '127.0.0.1', port: server.port }, seed: 3 });
  const { username, password, pathname } = new URL(database.url);
  const connection = {
    host: '127.0.0.1',
    port: line.port,
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    ssl: { ca },
  };
  const sink = memorySink<Row>({ delivery: 'idempotent' });
  await using copy = pipeline('damaged')
    .from(
      postgresChanges({
        connection,
        tables: [table<Row>()('public.rows')],
        slot: 'damaged',
        linkTimeoutMs: 2_000,
        reconnect: { initialDelayMs: 20, maxDelayMs: 200, giveUpAfterMs: 120_000 },
      }),
    )
    .pipe(expandEvents(rowEvents()))
    .to(sink, { checkpoints: memoryCheckpoints(), retry: { initialMs: 10, maxMs: 200 } });
  const run = copy.run();
  run.catch(() => undefined); // awaited below
  await waitFor(() => copy.state === 'running' && line.connections.length > 0, {
    what: 'the copy to run',
    timeoutMs: 60_000,
  });
  const links = line.accepted;
  // Less than a TLS handshake is spared in most cases, and a megabyte of rows never is.
  line.down.set({ corrupt: { probability: 0.000_02 } });
  for (let from = 1; from <= ROWS; from += 500) {
    await database.query(
      `INSERT INTO rows SELECT i, repeat(md5(i::text), 20) FROM generate_series($1::int, $2::int) i`,
      [from, from + 499],
    );
  }
  await waitFor(() => line.accepted > links + 2, { what: 'links that broke', timeoutMs: 120_000 });
  line.down.clear();
  await Promise.race([run, copy.caughtUp({ timeoutMs: 120_000 })]);
  await copy.drain();
  await run;

  const there = await database.query<Row & Record<string, unknown>>('SELECT id, text FROM rows');
  const held = new Map(sink.events.map(({ data }) => [data?.id, data?.text]));
  expect([...held].sort()).toEqual(there.map(({ id, text }) => [id, text]).sort());
  expect(there.length).toBe(ROWS);
}, 300_000);
