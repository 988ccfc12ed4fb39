import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { ChangesProcesses, createTables, insertDocument, insertSignature, slotOf } from '../support/changes.js';

const database = useDatabase();

const TOPIC = `
SELECT key::json ->> 'id' AS id, convert_from(data, 'UTF8')::json AS value FROM sluice.log_events
WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = $1) ORDER BY partition, log_offset`;

interface TopicRow {
  readonly id: string;
  readonly value: { readonly op: string; readonly after: { readonly version?: number } | null } | null;
}

const STREAMING = `
SELECT FROM sluice.checkpoints WHERE pipeline = 'changes' AND starts_with(lane, 'slot:') AND resume IS NOT NULL`;

/** What was made of one document, as the topic says it: `c1`, `u2`, …, `d`, and the tombstone after it. */
type History = string[];

test('SIGKILL over and over under load: the topics and the activity have every change once, and in order', async () => {
  await createTables(database.pool);
  await using processes = await ChangesProcesses.build();
  const slot = slotOf(database);
  const expected = new Map<string, History>();
  const signatures = new Set<string>();

  /** Creates, changes, signs and deletes documents, one after the other, and notes what was committed. */
  async function client(name: string): Promise<void> {
    for (let n = 0; n < 9; n++) {
      const id = await insertDocument(database, `${name}-${n}`);
      const history = ['c1'];
      expected.set(id, history);
      for (let version = 2; version <= 4; version++) {
        await database.query('UPDATE documents.documents SET title = $2, version = $3 WHERE id = $1', [
          id,
          `${name}-${n}-${version}`,
          version,
        ]);
        history.push(`u${version}`);
      }
      if (n % 3 === 0) signatures.add(await insertSignature(database, id, 'bob@example.com'));
      if (n % 3 !== 1) continue;
      await database.query('DELETE FROM documents.documents WHERE id = $1', [id]);
      history.push('d', 'tombstone');
    }
  }

  const topicEnd = async () => {
    const [row] = await database.query<{ end: string }>('SELECT sum(next_offset) AS end FROM sluice.log_partitions');
    return Number(row?.end ?? 0);
  };
  let running = await processes.start(database.url, slot);
  await waitFor(async () => (await database.query(STREAMING).catch(() => [])).length === 2, {
    what: 'both branches to be behind the snapshot',
    timeoutMs: 60_000,
  });
  for (let round = 0; round < 8; round++) {
    const before = await topicEnd();
    const clients = Promise.all([1, 2, 3, 4].map((one) => client(`${round}-${one}`)));
    // It is killed while it works.
    await waitFor(async () => (await topicEnd()) > before + 20, { what: 'changes in the topics', timeoutMs: 60_000 });
    running.kill();
    running = await processes.start(database.url, slot);
    await clients;
  }

  const total = [...expected.values()].reduce((sum, history) => sum + history.length, 0) + signatures.size;
  await waitFor(async () => (await topicEnd()) >= total, { what: 'every change in the topics', timeoutMs: 60_000 });
  const histories = new Map<string, History>();
  for (const { id, value } of await database.query<TopicRow & Record<string, unknown>>(TOPIC, ['cdc.documents'])) {
    const said = value === null ? 'tombstone' : `${value.op}${value.after?.version ?? ''}`;
    histories.set(id, [...(histories.get(id) ?? []), said]);
  }
  expect(Object.fromEntries(histories)).toEqual(Object.fromEntries(expected));
  const signed = await database.query<TopicRow & Record<string, unknown>>(TOPIC, ['cdc.signatures']);
  expect(signed.map(({ id, value }) => `${id} ${value?.op}`).sort()).toEqual(
    [...signatures].map((id) => `${id} c`).sort(),
  );

  const activities = [...expected.values()].flat().filter((said) => said !== 'tombstone').length + signatures.size;
  const activity = () =>
    database.query<{ seq: string; document_id: string; type: string; version: number | null }>(
      `SELECT seq, document_id, type, (data ->> 'version')::int AS version FROM realtime.events ORDER BY seq`,
    );
  await waitFor(async () => (await activity()).length >= activities, { what: 'all activity', timeoutMs: 60_000 });
  const rows = await activity();
  expect(rows.map(({ seq }) => Number(seq))).toEqual(rows.map((_, n) => n + 1));
  expect(rows).toHaveLength(activities);
  const shown = new Map<string, History>();
  for (const { document_id, type, version } of rows) {
    if (type === 'signature.added') continue;
    const letter = { 'document.created': 'c', 'document.updated': 'u', 'document.deleted': 'd' }[type] ?? type;
    shown.set(document_id, [...(shown.get(document_id) ?? []), letter === 'd' ? 'd' : `${letter}${version}`]);
  }
  const told = [...expected].map(([id, history]) => [id, history.filter((said) => said !== 'tombstone')]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(told));
}, 300_000);
