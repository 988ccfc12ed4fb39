import { type ImplementedService, implement, StatusError } from '@sluice/grpc';
import type { ZodType, z } from 'zod';
import { DocumentService } from '../generated/document_pb.js';
import type { Log } from '../http/log.js';
import { isUnavailable } from '../http/unavailable.js';
import type { Document } from './document.js';
import type { Documents } from './documents.js';
import { documentPath, documentStatus } from './schemas.js';

/** What other services ask of documents: `proto/document.proto`. Answers come from the database, never from the cache. */
export function documentGrpc(documents: Documents, log: Log): ImplementedService {
  return implement(DocumentService, {
    updateDocumentStatus: ({ documentId, status }) =>
      answering(log, async () => {
        const outcome = await documents.reach(idOf(documentId), parsed(documentStatus, status, 'status'));
        switch (outcome.kind) {
          case 'done':
            return toResponse(outcome.document);
          case 'forbidden':
            throw new StatusError(
              'FAILED_PRECONDITION',
              `A document that is ${outcome.from} cannot become ${outcome.to}`,
              { reason: 'STATUS_MAY_NOT_FOLLOW', details: { from: outcome.from, to: outcome.to } },
            );
          default:
            return notFound();
        }
      }),
    getDocument: ({ documentId }) =>
      answering(log, async () => toResponse((await documents.current(idOf(documentId))) ?? notFound())),
    documentExists: ({ documentId }) =>
      answering(log, async () => {
        const document = await documents.current(idOf(documentId));
        return { exists: document !== undefined, status: document?.status ?? '' };
      }),
  });
}

/** A database that is away is UNAVAILABLE, so that the caller tries again; any other failure is logged here and not told. */
async function answering<T>(log: Log, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StatusError) throw error;
    log.error({ err: error }, 'a call failed');
    if (isUnavailable(error)) throw new StatusError('UNAVAILABLE', 'Documents are not available', { cause: error });
    throw error;
  }
}

function idOf(given: string): string {
  return parsed(documentPath, { document_id: given }, 'document_id').document_id;
}

function parsed<S extends ZodType>(schema: S, value: unknown, name: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const why = result.error.issues[0]?.message ?? 'it is wrong';
  throw new StatusError('INVALID_ARGUMENT', `${name}: ${why}`, { details: { field: name } });
}

function notFound(): never {
  throw new StatusError('NOT_FOUND', 'Document not found');
}

function toResponse(document: Document) {
  return {
    id: document.id,
    title: document.title,
    status: document.status,
    createdBy: document.created_by,
    contentType: document.content_type,
    contentSize: BigInt(document.content_size),
    s3Key: document.s3_key,
    createdAt: document.created_at,
    updatedAt: document.updated_at,
    version: document.version,
  };
}
