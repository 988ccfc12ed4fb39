import { StatusError } from '@sluice/grpc';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTables, insertDocument, insertSignature } from '../support/changes.js';
import { call, startService } from '../support/service.js';
import { startSignatureService } from '../support/signature-service.js';
import { documentsBefore, runChanges, runSigning, signatureProcess } from '../support/signing.js';

const database = useDatabase();
let stopChanges: (() => Promise<void>) | undefined;
let documents: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  documents = await startService(database.url);
  await createTables(database.pool);
  stopChanges = runChanges(database);
});
afterAll(async () => {
  await stopChanges?.();
  await documents?.stop();
});

const never = () => new Promise<never>(() => {});

async function state(id: string) {
  const [row] = await database.query('SELECT status, version FROM documents.documents WHERE id = $1', [id]);
  return row;
}

const signed = (id: string) =>
  waitFor(async () => (await state(id))?.['status'] === 'signed', { what: `${id} to be signed`, timeoutMs: 40_000 });

test('SIGKILL between the row and the call: the row’s own change makes the document signed', async () => {
  const id = await insertDocument(database, 'killed');
  const front = await documentsBefore(documents.grpc, { updateDocumentStatus: never });
  const service = await signatureProcess(database.url, front);
  const bob = { document_id: id, signer_email: 'bob@example.com', signer_name: 'Bob' };
  const answer = call(`${service.url}/signatures`, 'POST', bob).catch(() => 'cut off');
  const rows = () => database.query('SELECT FROM signatures.signatures WHERE document_id = $1', [id]);
  await waitFor(async () => (await rows()).length === 1, { what: 'the row', timeoutMs: 20_000 });
  service.kill();
  expect(await answer).toBe('cut off');
  expect(await state(id)).toMatchObject({ status: 'created', version: 1 });

  runSigning(database, documents.grpc);
  await signed(id);
  expect(await state(id)).toMatchObject({ version: 2 });
});

test('a signature is 201 also when the document service goes away before the status; the status follows', async () => {
  const id = await insertDocument(database, 'gone for a moment');
  const front = await documentsBefore(documents.grpc, {
    updateDocumentStatus: () => {
      throw new StatusError('UNAVAILABLE', 'going down');
    },
  });
  const service = await startSignatureService(database.url, front);
  const eve = { document_id: id, signer_email: 'eve@example.com', signer_name: 'Eve' };
  expect((await call(`${service.url}/signatures`, 'POST', eve)).status).toBe(201);
  await service.stop();
  expect(await state(id)).toMatchObject({ status: 'created' });
  runSigning(database, documents.grpc);
  await signed(id);
});

test('a document that is cancelled while it is being signed stays so: 409, no row, no drawing', async () => {
  const id = await insertDocument(database, 'cancelled meanwhile');
  const front = await documentsBefore(documents.grpc, {
    updateDocumentStatus: async () => {
      await database.query(`UPDATE documents.documents SET status = 'cancelled' WHERE id = $1`, [id]);
      throw new StatusError('FAILED_PRECONDITION', 'cancelled');
    },
  });
  const service = await startSignatureService(database.url, front);
  const body = { document_id: id, signer_email: 'e@example.com', signer_name: 'E', signature_data: 'drawn' };
  const answer = await call(`${service.url}/signatures`, 'POST', body);
  expect([answer.status, answer.body]).toEqual([409, { detail: 'A document that is cancelled cannot be signed' }]);
  expect((await call(`${service.url}/documents/${id}/signatures`, 'GET')).body).toEqual([]);
  expect(await service.objects.list(`${id}/`)).toEqual([]);
  await service.stop();
});

test('a document service that is away for a while delays a status and loses none', async () => {
  const id = await insertDocument(database, 'waits');
  await insertSignature(database, id, 'bob@example.com');
  let away = true;
  let asked = 0;
  const front = await documentsBefore(documents.grpc, {
    async updateDocumentStatus({ documentId, status }) {
      asked += 1;
      if (away) throw new StatusError('UNAVAILABLE', 'not yet');
      const { body } = await call(`${documents.url}/documents/${documentId}`, 'PATCH', { status });
      return { id: body.id, status: body.status, version: body.version };
    },
  });
  const { signing, notices } = runSigning(database, front);
  const told = () => notices.some(({ code }) => code === 'GRPC_UNAVAILABLE');
  await waitFor(() => asked > 8 && told(), { what: 'it to be asked again and again', timeoutMs: 30_000 });
  expect(await state(id)).toMatchObject({ status: 'created' });
  away = false;
  await signed(id);
  expect(signing.state).toBe('running');
});

test.each([
  new StatusError('CANCELLED', 'the server stops'),
  new StatusError('INTERNAL', 'a mistake that the server takes for final', { retry: 'never' }),
])('a call that comes back as $code is made again: no signature is forgotten', async (error) => {
  const id = await insertDocument(database, 'broken off');
  await insertSignature(database, id, 'bob@example.com');
  let asked = 0;
  const front = await documentsBefore(documents.grpc, {
    async updateDocumentStatus({ documentId, status }) {
      asked += 1;
      if (asked < 4) throw error;
      const { body } = await call(`${documents.url}/documents/${documentId}`, 'PATCH', { status });
      return { id: body.id, status: body.status, version: body.version };
    },
  });
  runSigning(database, front);
  await signed(id);
});

test('deleted and cancelled documents, and what is no change, hold nobody up', async () => {
  const cancelled = await insertDocument(database, 'cancelled');
  const deleted = await insertDocument(database, 'deleted');
  const last = await insertDocument(database, 'last');
  for (const id of [cancelled, deleted]) await insertSignature(database, id, 'bob@example.com');
  await database.query(`UPDATE documents.documents SET status = 'cancelled' WHERE id = $1`, [cancelled]);
  await database.query('DELETE FROM documents.documents WHERE id = $1', [deleted]);
  await insertSignature(database, last, 'bob@example.com');
  const { signing } = runSigning(database, documents.grpc);
  await signed(last);
  await signing.caughtUp({ timeoutMs: 30_000 });
  expect(await state(cancelled)).toMatchObject({ status: 'cancelled' });
  expect(await state(deleted)).toBeUndefined();
  expect(signing.state).toBe('running');
});

test('the topic from its beginning once more changes nothing', async () => {
  const id = await insertDocument(database, 'again');
  await insertSignature(database, id, 'bob@example.com');
  await insertSignature(database, id, 'eve@example.com');
  runSigning(database, documents.grpc);
  await signed(id);
  const { signing } = runSigning(database, documents.grpc);
  await signing.caughtUp({ timeoutMs: 30_000 });
  expect(await state(id)).toMatchObject({ status: 'signed', version: 2 });
});
