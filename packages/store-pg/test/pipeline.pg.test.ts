import { memorySource, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Row, tableSink } from '../src/index.js';

const database = useDatabase();

function changes(count: number): { data: Row | null; key: string }[] {
  return Array.from({ length: count }, (_, n) => {
    const id = (n * 7919) % 500;
    return { key: `${id}`, data: n % 11 === 0 ? null : { id, n } };
  });
}

/** What must stand in the table: the last change of each key. */
function state(all: readonly { data: Row | null; key: string }[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { key, data } of all) {
    if (data === null) rows.delete(key);
    else rows.set(key, data);
  }
  return [...rows.values()].sort((a, b) => Number(a['id']) - Number(b['id']));
}

test('while its connections are cut again and again, the table comes to equal the source', async () => {
  await database.query('CREATE TABLE cut (id int PRIMARY KEY, n int NOT NULL)');
  const all = changes(20_000);
  const source = memorySource<Row>({ batch: 50 });
  source.push(...all);
  source.end();
  const connection = { connectionString: database.url, application_name: 'cut-me' };
  const running = pipeline('cut')
    .from(source)
    .to(tableSink({ connection, table: 'cut', key: ['id'], maxEvents: 100 }), {
      retry: { maxAttempts: 1000, initialMs: 1, maxMs: 20 },
    });
  const done = running.run();
  for (let cuts = 0; cuts < 8; cuts += 1) {
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut-me'`;
    await waitFor(async () => running.state === 'stopped' || (await database.query(cut)).length > 0, {
      what: 'a connection to cut',
    });
  }
  await done;
  expect(await database.query('SELECT id, n FROM cut ORDER BY id')).toEqual(state(all));
});

test('a second instance takes over: the first one stops writing, and nothing is lost between them', async () => {
  await database.query('CREATE TABLE taken (id int PRIMARY KEY, n int NOT NULL)');
  const all = changes(3_000);
  const source = memorySource<Row>({ batch: 10 });
  source.push(...all.slice(0, 1_500));
  const instance = () =>
    pipeline('taken')
      .from(source)
      .to(tableSink({ connection: database.url, table: 'taken', key: ['id'] }));
  const first = instance();
  const firstEnd = first.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  await first.caughtUp();
  const second = instance();
  const secondEnd = second.run();
  await waitFor(() => second.state === 'running', { what: 'the second instance to run' });
  await second.caughtUp();
  source.push(...all.slice(1_500));
  source.end();
  await secondEnd;
  expect(await database.query('SELECT id, n FROM taken ORDER BY id')).toEqual(state(all));
  await first.drain();
  await firstEnd;
});
