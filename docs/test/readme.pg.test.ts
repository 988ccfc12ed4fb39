import { waitFor } from '@sluice/testkit';
import { testDatabase } from '@sluice/testkit/postgres';
import { expect, onTestFinished, test } from 'vitest';
import { runSnippet } from './run-snippet.js';
import { snippets } from './snippets.js';

const table = 'CREATE TABLE documents (id int PRIMARY KEY, title text NOT NULL, tags jsonb)';
const active = 'SELECT 1 FROM pg_replication_slots WHERE active AND database = current_database()';
const rows = 'SELECT id, title, tags FROM documents ORDER BY id';

test('the composition in the README copies a table, goes on after it was killed, and stops when told to', async () => {
  const [source, target] = [await database('source'), await database('target')];
  await source.query(table);
  await target.query(table);
  const [composition] = snippets().filter(({ page, mode }) => page === 'README.md' && mode === 'run');
  if (composition === undefined) throw new Error('README.md has no block that says `ts run`');
  const start = () => runSnippet(composition, { SOURCE_URL: source.url, TARGET_URL: target.url });
  const same = (program: { output(): string }, what: string) =>
    waitFor(
      async () => {
        const [wanted, found] = [await source.query(rows), await target.query(rows)];
        if (/^\s+at /m.test(program.output())) throw new Error(program.output()); // it has failed
        return wanted.length > 0 && JSON.stringify(found) === JSON.stringify(wanted);
      },
      { what, timeoutMs: 30_000 },
    );

  const first = await start();
  await waitFor(async () => (await source.query(active)).length === 1, {
    what: 'the slot to be read',
    timeoutMs: 30_000,
  });
  await source.query(`INSERT INTO documents SELECT n, 'title ' || n, '["a"]' FROM generate_series(1, 500) AS n`);
  await source.query(`UPDATE documents SET title = 'changed' WHERE id % 3 = 0`);
  await source.query('DELETE FROM documents WHERE id % 5 = 0');
  await same(first, 'inserts, updates and deletes to arrive');
  await first.end('SIGKILL');

  await source.query(`UPDATE documents SET title = 'while it was away'`);
  await source.query(`INSERT INTO documents VALUES (1000, 'new', NULL)`);
  const second = await start();
  await same(second, 'what happened while it was away to arrive');
  expect(await target.query('SELECT id FROM documents WHERE id = 1000')).toHaveLength(1);
  await second.end('SIGTERM');
  expect(second.output()).toBe('');
  expect(await source.query(active)).toEqual([]);
});

async function database(name: string) {
  const made = await testDatabase({ name });
  onTestFinished(() => made.drop());
  return made;
}
