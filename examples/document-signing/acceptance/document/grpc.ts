import { status as codes } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { callGrpc, reflect } from '../client/grpc.js';
import { get, patch } from '../client/http.js';
import { createDocument, unknownId } from '../client/samples.js';
import type { UnderTest } from '../system.js';

const SERVICE = 'document.DocumentService';

export function documentsByGrpc(system: UnderTest): void {
  const ask = async (method: string, request: object, deadlineMs?: number) => {
    const outcome = await callGrpc(system, SERVICE, method, request, deadlineMs);
    return 'answer' in outcome ? outcome.answer : codes[outcome.error.code];
  };

  describe('gRPC document.DocumentService', () => {
    test('GetDocument answers every field of a document', async () => {
      const made = await createDocument(system, { content: 'Grüße' });
      const answer = await ask('GetDocument', { document_id: made.id });
      const { created_at, updated_at, content_size, ...rest } = made;
      expect(answer).toMatchObject({ ...rest, content_size: String(content_size) });
      expect(Date.parse(answer.created_at)).toBe(Date.parse(created_at));
      expect(Date.parse(answer.updated_at)).toBe(Date.parse(updated_at));
    });

    test('DocumentExists answers whether, and the status', async () => {
      const { id } = await createDocument(system);
      expect(await ask('DocumentExists', { document_id: id })).toMatchObject({ exists: true, status: 'created' });
      await patch(`${system().document}/documents/${id}`, { status: 'sent' });
      expect(await ask('DocumentExists', { document_id: id })).toMatchObject({ exists: true, status: 'sent' });
      expect(await ask('DocumentExists', { document_id: unknownId() })).toMatchObject({ exists: false });
    });

    test('UpdateDocumentStatus sets it, and a reader by HTTP sees it at once, whatever was in the cache', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { id } = await createDocument(system);
        await Promise.all([1, 2, 3].map(() => get(`${system().document}/documents/${id}`)));
        const answer = await ask('UpdateDocumentStatus', { document_id: id, status: 'signed' });
        expect(answer).toMatchObject({ id, status: 'signed', version: 2 });
        expect((await get(`${system().document}/documents/${id}`)).body).toMatchObject({
          status: 'signed',
          version: 2,
        });
      }
    });

    test('NOT_FOUND for an unknown document', async () => {
      expect(await ask('GetDocument', { document_id: unknownId() })).toBe('NOT_FOUND');
      expect(await ask('UpdateDocumentStatus', { document_id: unknownId(), status: 'sent' })).toBe('NOT_FOUND');
    });

    test('INVALID_ARGUMENT for what is no id, and for what is no status', async () => {
      for (const document_id of ['', 'x', '../x', 'a'.repeat(5_000)]) {
        expect(await ask('GetDocument', { document_id })).toBe('INVALID_ARGUMENT');
        expect(await ask('DocumentExists', { document_id })).toBe('INVALID_ARGUMENT');
      }
      const { id } = await createDocument(system);
      for (const status of ['', 'burnt', 'SIGNED']) {
        expect(await ask('UpdateDocumentStatus', { document_id: id, status })).toBe('INVALID_ARGUMENT');
      }
    });

    test('FAILED_PRECONDITION for a status that may not follow, and nothing is changed', async () => {
      const { id } = await createDocument(system);
      await ask('UpdateDocumentStatus', { document_id: id, status: 'cancelled' });
      expect(await ask('UpdateDocumentStatus', { document_id: id, status: 'signed' })).toBe('FAILED_PRECONDITION');
      expect((await get(`${system().document}/documents/${id}`)).body).toMatchObject({
        status: 'cancelled',
        version: 2,
      });
    });

    test('a deadline that has passed is honoured', async () => {
      expect(await ask('GetDocument', { document_id: unknownId() }, -1_000)).toBe('DEADLINE_EXCEEDED');
    });

    test('the standard health service says SERVING, for the whole and for the service', async () => {
      for (const service of ['', SERVICE]) {
        const outcome = await callGrpc(system, 'grpc.health.v1.Health', 'Check', { service });
        expect(outcome).toEqual({ answer: { status: 'SERVING' } });
      }
      const other = await callGrpc(system, 'grpc.health.v1.Health', 'Check', { service: 'no.such.Service' });
      expect('error' in other && other.error.code).toBe(codes.NOT_FOUND);
    });

    test('reflection lists the service, and gives its file', async () => {
      const { list_services_response: list } = await reflect(system, { list_services: '' });
      expect(list.service.map(({ name }: { name: string }) => name)).toContain(SERVICE);
      const { file_descriptor_response: file } = await reflect(system, { file_containing_symbol: SERVICE });
      expect(Buffer.concat(file.file_descriptor_proto).toString('latin1')).toContain('UpdateDocumentStatus');
    });
  });
}
