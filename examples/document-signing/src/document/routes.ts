import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from '../http/http-service.js';
import { parsePart } from '../http/invalid-input.js';
import type { Documents } from './documents.js';
import type { ChangeOutcome } from './outcomes.js';
import {
  documentChanges,
  documentPath,
  ifMatchHeader,
  MAX_CONTENT_BYTES,
  newDocument,
  pageOfDocuments,
} from './schemas.js';

/** A character of JSON takes at most six bytes for one of UTF-8 (`\u0000`); the rest of the body is small. */
const CREATE_BODY_LIMIT = 6 * MAX_CONTENT_BYTES + 65_536;

/** The routes under `/documents`. */
export function documentRoutes(app: HttpApp, documents: Documents): void {
  app.post('/documents', { bodyLimit: CREATE_BODY_LIMIT }, async (request, reply) => {
    const document = await documents.create(parsePart(newDocument, 'body', request.body));
    return reply.code(201).header('location', `/documents/${document.id}`).send(document);
  });

  app.get('/documents', async (request) => documents.table.list(parsePart(pageOfDocuments, 'query', request.query)));

  app.get('/documents/:document_id', async (request, reply) => {
    const document = await documents.table.find(idOf(request));
    return document === undefined ? notFound(reply) : reply.header('etag', `"${document.version}"`).send(document);
  });

  app.get('/documents/:document_id/content', async (request, reply) => {
    const document = await documents.table.find(idOf(request));
    const content = document && (await documents.content(document.id));
    if (content === undefined) return notFound(reply);
    // Anybody may have written it: it is shown as what it says it is, and no script of it runs with this page's rights.
    return reply
      .type(document?.content_type ?? 'application/octet-stream')
      .header('content-length', content.bytes)
      .header('content-security-policy', "sandbox; default-src 'none'")
      .send(content.stream);
  });

  app.patch('/documents/:document_id', async (request, reply) => {
    const changes = parsePart(documentChanges, 'body', request.body);
    return answer(reply, await documents.table.change(idOf(request), changes, versionOf(request)), 200);
  });

  app.delete('/documents/:document_id', async (request, reply) => {
    return answer(reply, await documents.remove(idOf(request), versionOf(request)), 204);
  });
}

function answer(reply: FastifyReply, outcome: ChangeOutcome, done: 200 | 204) {
  switch (outcome.kind) {
    case 'done':
      if (done === 204) return reply.code(204).send();
      return reply.header('etag', `"${outcome.document.version}"`).send(outcome.document);
    case 'unknown':
      return notFound(reply);
    case 'stale':
      return reply.code(412).send({ detail: `The document is at version ${outcome.version}` });
    case 'forbidden':
      return reply.code(409).send({ detail: `A document that is ${outcome.from} cannot become ${outcome.to}` });
  }
}

function notFound(reply: FastifyReply) {
  return reply.code(404).send({ detail: 'Document not found' });
}

function idOf(request: FastifyRequest): string {
  return parsePart(documentPath, 'path', request.params).document_id;
}

function versionOf(request: FastifyRequest): number | undefined {
  return parsePart(ifMatchHeader, 'header', request.headers)['if-match'];
}
