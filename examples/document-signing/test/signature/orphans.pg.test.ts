import { randomUUID } from 'node:crypto';
import { memoryObjects, waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { createTables, insertDocument, insertSignature } from '../support/changes.js';
import { startSignatureService } from '../support/signature-service.js';

const database = useDatabase();
const nobody = '127.0.0.1:9';

test('a drawing that a crash left without its signature is taken away at the next start, and nothing else', async () => {
  await createTables(database.pool);
  const id = await insertDocument(database, 'killed between drawing and row');
  const kept = `${id}/signatures/${await insertSignature(database, id, 'bob@example.com')}.png`;
  const [left, young] = [`${id}/signatures/${randomUUID()}.png`, `${id}/signatures/${randomUUID()}.png`];
  const memory = memoryObjects();
  const objects = {
    ...memory,
    list: async (...given: Parameters<typeof memory.list>) =>
      (await memory.list(...given)).map((entry) => (entry.key === young ? entry : { ...entry, modified: new Date(0) })),
  };
  for (const key of [kept, left, young, `${id}/content`]) await objects.put(key, new Uint8Array([1]));
  const service = await startSignatureService(database.url, nobody, { objects });
  await waitFor(async () => (await memory.head(left)) === undefined, { what: 'the end of the orphan' });
  await service.stop();
  expect((await memory.list('')).map(({ key }) => key).sort()).toEqual([kept, young, `${id}/content`].sort());
});
