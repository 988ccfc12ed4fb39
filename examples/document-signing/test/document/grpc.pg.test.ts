import { grpcClient, Health, statusOf } from '@sluice/grpc';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { DocumentService } from '../../src/generated/document_pb.js';
import { call, startService } from '../support/service.js';

const database = useDatabase();
let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService(database.url);
});
afterAll(() => service?.stop());

const unknown = '01890000-0000-7000-8000-000000000000';

function client() {
  const made = grpcClient(DocumentService, { address: service.grpc });
  onTestFinished(() => made.close());
  return made;
}

async function create() {
  const lease = { title: 'Lease', content: 'é', created_by: 'ada@example.com' };
  return (await call(`${service.url}/documents`, 'POST', lease)).body;
}

/** The status that a call ends with. */
const endOf = (answer: Promise<unknown>) => answer.then(() => 'OK', statusOf);

test('a document has every field over gRPC too', async () => {
  const document = await create();
  expect(await client().getDocument({ documentId: document.id })).toMatchObject({
    id: document.id,
    title: 'Lease',
    status: 'created',
    createdBy: 'ada@example.com',
    contentType: 'text/plain',
    contentSize: 2n,
    s3Key: `${document.id}/content`,
    createdAt: document.created_at,
    updatedAt: document.updated_at,
    version: 1,
  });
});

test('whether a document exists, and in which status', async () => {
  const { id } = await create();
  expect(await client().documentExists({ documentId: id })).toMatchObject({ exists: true, status: 'created' });
  expect(await client().documentExists({ documentId: unknown })).toMatchObject({ exists: false, status: '' });
});

test('a status set over gRPC is seen over HTTP at once, and setting it again changes nothing', async () => {
  const { id } = await create();
  await call(`${service.url}/documents/${id}`, 'GET');
  const set = () => client().updateDocumentStatus({ documentId: id, status: 'signed' });
  expect(await set()).toMatchObject({ status: 'signed', version: 2 });
  expect((await call(`${service.url}/documents/${id}`, 'GET')).body).toMatchObject({ status: 'signed', version: 2 });
  expect(await set()).toMatchObject({ status: 'signed', version: 2 });
  const many = await Promise.all(Array.from({ length: 10 }, set));
  expect(new Set(many.map(({ version }) => version))).toEqual(new Set([2]));
});

test('what cannot be done says why by its status', async () => {
  const { id } = await create();
  const documents = client();
  expect(await endOf(documents.getDocument({ documentId: unknown }))).toBe('NOT_FOUND');
  expect(await endOf(documents.updateDocumentStatus({ documentId: unknown, status: 'signed' }))).toBe('NOT_FOUND');
  expect(await endOf(documents.getDocument({ documentId: '../etc' }))).toBe('INVALID_ARGUMENT');
  expect(await endOf(documents.documentExists({ documentId: '' }))).toBe('INVALID_ARGUMENT');
  expect(await endOf(documents.updateDocumentStatus({ documentId: id, status: 'lost' }))).toBe('INVALID_ARGUMENT');
  await documents.updateDocumentStatus({ documentId: id, status: 'cancelled' });
  expect(await endOf(documents.updateDocumentStatus({ documentId: id, status: 'signed' }))).toBe('FAILED_PRECONDITION');
});

test('a caller that waits no longer than its deadline is not kept waiting by a locked row', async () => {
  const { id } = await create();
  const holder = await service.pool.connect();
  onTestFinished(async () => {
    await holder.query('ROLLBACK');
    holder.release();
  });
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM documents.documents WHERE id = $1 FOR UPDATE', [id]);
  const late = client().updateDocumentStatus({ documentId: id, status: 'signed' }, { deadlineMs: 200 });
  expect(await endOf(late)).toBe('DEADLINE_EXCEEDED');
});

test('a database that is away is UNAVAILABLE, so that the caller comes back', async () => {
  const { id } = await create();
  const alone = await startService(database.url);
  await alone.pool.end();
  const documents = grpcClient(DocumentService, { address: alone.grpc, retry: { maxAttempts: 1 } });
  onTestFinished(async () => {
    documents.close();
    await alone.close();
  });
  expect(await endOf(documents.getDocument({ documentId: id }))).toBe('UNAVAILABLE');
});

test('health is told in the standard way', async () => {
  const health = grpcClient(Health, { address: service.grpc });
  onTestFinished(() => health.close());
  for (const name of ['', 'document.DocumentService']) {
    expect(await health.check({ service: name })).toMatchObject({ status: 1 });
  }
});
