import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { loadSnippet } from './load-snippet.js';
import { runSnippet } from './run-snippet.js';
import { type Snippet, snippets } from './snippets.js';

describe('@sluice/cdc', () => {
  const database = useDatabase();

  test('the first lines of its README print what is there and what is added, and end with Ctrl-C', async () => {
    await database.query('CREATE TABLE documents (id bigint PRIMARY KEY, title text NOT NULL)');
    await database.query("INSERT INTO documents VALUES (1, 'there')");
    const program = await runSnippet(firstLines('cdc'), { DATABASE_URL: database.url });
    const printed = (text: string) => waitFor(() => program.output() === text, { what: text, timeoutMs: 30_000 });
    await printed('there\n');
    await database.query("INSERT INTO documents VALUES (2, 'added')");
    await printed('there\nadded\n');
    await program.end('SIGINT');
    expect(program.output()).toBe('there\nadded\n');
    expect(await database.query('SELECT FROM pg_replication_slots WHERE database = current_database()')).toEqual([]);
  });
});

describe('@sluice/store-pg', () => {
  const database = useDatabase();

  test('the publisher in its README puts an event into the topic, and the program ends', async () => {
    const program = await runSnippet(firstLines('store-pg'), { DATABASE_URL: database.url });
    expect([await program.ended, program.output()]).toEqual([0, '']);
    const text = `SELECT key, type, convert_from(data, 'UTF8') AS data FROM sluice.log_events`;
    expect(await database.query(text)).toEqual([{ key: '4711', type: 'order.placed', data: '{"id":"4711"}' }]);
  });
});

// Tests of their own, which start servers of their own.
describe('the README of @sluice/testkit', async () => {
  for (const { code } of runnable('testkit')) await loadSnippet(code);
});

function runnable(name: string): Snippet[] {
  return snippets().filter(({ page, mode }) => page === `packages/${name}/README.md` && mode === 'run');
}

function firstLines(name: string): Snippet {
  const [block] = runnable(name);
  if (block === undefined) throw new Error(`packages/${name}/README.md has no block that says \`ts run\``);
  return block;
}
