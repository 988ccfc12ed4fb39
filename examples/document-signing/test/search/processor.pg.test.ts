import type { ObjectStore } from '@sluice/contracts';
import { memoryCheckpoints } from '@sluice/runtime';
import { memoryObjects, waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { createDocumentTables } from '../../src/document/tables.js';
import { deleted, record, row, startSearch, written } from '../support/search.js';

const database = useDatabase();

beforeEach(async () => {
  await database.query('DROP SCHEMA IF EXISTS sluice CASCADE; DROP SCHEMA IF EXISTS documents CASCADE');
  await createDocumentTables(database.pool);
});

const INSERT = `INSERT INTO documents.documents (id, title, content_type, content_size, s3_key, created_by)
  VALUES ($1::uuid, $2, 'text/plain', $3, $1::uuid || '/content', 'ann@example.com')`;
const [A, B] = ['a', 'b'].map((letter) => `0199e0b2-0000-7000-8000-00000000000${letter}`) as [string, string];

describe('documents in the index follow their rows', () => {
  test('rows from before the first start, changes and deletions', async () => {
    const search = await startSearch(database.url);
    await search.objects.put(`${A}/content`, Buffer.from('early content'));
    await database.query(INSERT, [A, 'Early lease', 13]);
    search.follow();
    await search.process();
    await search.finds('early content', [A]);
    await database.query(INSERT, [B, 'Agreement of purchase', 0]);
    // A word with a typo.
    await search.finds('agreemnt', [B]);
    await database.query(`UPDATE documents.documents SET title = 'Late lease', version = 2 WHERE id = $1`, [A]);
    await search.finds('late', [A]);
    const { documents } = (await search.search({ q: 'content' })).body;
    expect(documents[0]).toMatchObject({ id: A, title: 'Late lease', version: 2, content_size: 13 });
    await database.query('DELETE FROM documents.documents WHERE id = $1', [A]);
    await search.finds('late', []);
    await search.finds('purchase', [B]);
  });

  test('a replay of the whole topic changes nothing, and brings no deleted document back', async () => {
    const search = await startSearch(database.url);
    await search.publish(
      written('r', 1n, row('a')),
      written('u', 2n, row('a', { title: 'Second title', version: 2 })),
      written('c', 3n, row('b')),
      deleted('b', 4n),
      record('b', 4n, null),
    );
    const first = await search.process();
    await first.caughtUp();
    const before = await search.index.search({});
    expect(before.hits.map(({ id, document }) => [id, document['title']])).toEqual([['a', 'Second title']]);
    await first.stop();
    const again = await search.process({ checkpoints: memoryCheckpoints() });
    await again.caughtUp();
    expect(await search.index.search({})).toEqual(before);
    expect((await search.index.get('a'))?.version).toEqual({ epoch: '1', value: 2n });
  });

  test('what comes late, or twice, never rolls a document back', async () => {
    const search = await startSearch(database.url);
    const { caughtUp } = await search.process();
    await search.publish(
      written('u', 9n, row('a', { title: 'Newest', version: 3 })),
      written('c', 7n, row('a', { title: 'Oldest' })),
      written('u', 8n, row('a', { title: 'Older', version: 2 })),
      deleted('b', 2n ** 70n),
      written('c', 2n ** 69n, row('b')),
    );
    await search.publish(written('u', 8n, row('a', { title: 'Older', version: 2 })));
    await caughtUp();
    await search.finds('newest', ['a']);
    await search.finds('older', []);
    expect(await search.index.get('b')).toBeUndefined();
  });
});

describe('what is no document', () => {
  test('records that are incomplete are dropped and counted, and hold nobody up', async () => {
    const search = await startSearch(database.url);
    const { caughtUp, registry, deadLetters } = await search.process();
    const { title: _, ...untitled } = row('b');
    await search.publish(
      record('b', 1n, { op: 'c', after: untitled }),
      record('c', 1n, { op: 'c', after: null }),
      record('d', 1n, { op: 'c', after: row('d', { created_at: 'yesterday' }) }),
      record('e', 1n, { op: '?', after: row('e') }),
      record('f', 1n, 'no json'),
      record('g', 1n, '[]'),
      record('h', 1n, { after: row('h') }),
      written('c', 1n, row('a')),
    );
    await caughtUp();
    expect((await search.index.search({})).hits.map(({ id }) => id)).toEqual(['a']);
    expect(await registry.metrics()).toContain('processor_incomplete_records_total 7');
    expect(await deadLetters.list({ pipeline: 'search' })).toEqual([]);
  });
});

describe('the content', () => {
  test('of 3 MiB the first MiB of text is searched, and the index says so', async () => {
    const search = await startSearch(database.url);
    const filler = 'filler '.repeat(150_000); // 1,050,000 bytes
    const content = Buffer.from(`earlyword ${filler} lateword ${filler}${filler}`);
    await search.objects.put('a/content', content);
    await search.objects.put('b/content', Buffer.from('short earlyword'));
    const { caughtUp } = await search.process();
    await search.publish(
      written('c', 1n, row('a', { content_size: content.length, created_at: '2026-01-02T00:00:00Z' })),
      written('c', 2n, row('b', { content_size: 15 })),
    );
    await caughtUp();
    await search.finds('earlyword', ['a', 'b']);
    await search.finds('lateword', []);
    const { documents } = (await search.search({ q: 'earlyword' })).body;
    expect(documents.map(({ content_truncated }: never) => content_truncated)).toEqual([true, false]);
    expect(documents[0].highlights.content[0]).toContain('<em>earlyword</em>');
    expect(String((await search.index.get('a'))?.document['content'])).toHaveLength(1_048_576);
  });

  test('a character that the limit cuts in two is left out', async () => {
    const search = await startSearch(database.url);
    const content = Buffer.from(`x${'é'.repeat(600_000)}`);
    await search.objects.put('a/content', content);
    const { caughtUp } = await search.process();
    await search.publish(written('c', 1n, row('a', { content_size: content.length })));
    await caughtUp();
    const text = String((await search.index.get('a'))?.document['content']);
    expect([text.length, text.at(-1)]).toEqual([524_288, 'é']);
  });

  test.each([
    ['text/plain', true],
    ['text/html; charset=utf-8', true],
    ['application/json', true],
    ['application/ld+json', true],
    ['application/pdf', false],
    ['image/svg+xml', false],
    ['application/octet-stream', false],
  ])('of the type %s is searched: %s', async (content_type, searched) => {
    const search = await startSearch(database.url);
    await search.objects.put('a/content', Buffer.from('\0\ud800 contentword \xff', 'latin1'));
    const { caughtUp } = await search.process();
    await search.publish(written('c', 1n, row('a', { content_type, content_size: 16 })));
    await caughtUp();
    await search.finds('contentword', searched ? ['a'] : []);
    await search.finds('lease', ['a']);
  });

  test('that is empty, or gone since the document was deleted, holds nobody up', async () => {
    const search = await startSearch(database.url);
    await search.objects.put('a/content', Buffer.from(''));
    const { caughtUp } = await search.process();
    await search.publish(written('c', 1n, row('a', { content_size: 0 })), written('c', 2n, row('b')), deleted('b', 3n));
    await caughtUp();
    await search.finds('lease', ['a']);
  });

  test('is waited for while the object store is away: nothing is indexed without its text', async () => {
    const kept = memoryObjects();
    await kept.put('a/content', Buffer.from('contentword'));
    let away = 3;
    const objects = {
      ...kept,
      async get(...given: Parameters<typeof kept.get>) {
        if (away > 0) {
          away -= 1;
          throw new Error('connect ECONNREFUSED');
        }
        return kept.get(...given);
      },
    };
    const search = await startSearch(database.url, { objects });
    const { deadLetters } = await search.process({ notice: () => undefined });
    await search.publish(written('c', 1n, row('a', { content_size: 11 })));
    await waitFor(() => away === 0, { what: 'three failures', timeoutMs: 30_000 });
    await search.finds('contentword', ['a']);
    expect(await deadLetters.list({ pipeline: 'search' })).toEqual([]);
  });
});

test('a change of the status leaves the words where they are, and reads the content once per write', async () => {
  const kept = memoryObjects();
  await kept.put('a/content', Buffer.from('contentword'));
  let reads = 0;
  const objects: ObjectStore = {
    ...kept,
    async get(...given) {
      reads += 1;
      return kept.get(...given);
    },
  };
  const search = await startSearch(database.url, { objects });
  const statuses = ['created', 'sent', 'viewed', 'signed'];
  await search.publish(
    ...statuses.map((status, at) => written('u', BigInt(at), row('a', { status, content_size: 11, version: at + 1 }))),
  );
  const { caughtUp } = await search.process();
  await caughtUp();
  await search.finds('contentword', ['a']);
  expect((await search.search({ q: 'contentword' })).body.documents[0]).toMatchObject({ status: 'signed', version: 4 });
  expect(reads).toBeLessThan(statuses.length);
});
