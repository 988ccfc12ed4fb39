import { z } from 'zod';
import { clientAddressOf } from '../http/client-address.js';
import { HttpProblem, invalidInput, problem } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import { documentBody, documentStats } from './document.js';
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
  const tags = ['documents'];
  const unknown = { 404: problem, 422: invalidInput };
  const byId = { tags, params: documentPath };

  app.post(
    '/documents',
    {
      bodyLimit: CREATE_BODY_LIMIT,
      schema: { tags, body: newDocument, response: { 201: documentBody, 422: invalidInput } },
    },
    async ({ body }, reply) => {
      const document = await documents.create(body);
      return reply.code(201).header('location', `/documents/${document.id}`).send(document);
    },
  );

  app.get(
    '/documents',
    { schema: { tags, querystring: pageOfDocuments, response: { 200: z.array(documentBody), 422: invalidInput } } },
    ({ query }) => documents.list(query),
  );

  app.get(
    '/documents/:document_id',
    { schema: { ...byId, response: { 200: documentBody, ...unknown } } },
    async (request, reply) => {
      const document = (await documents.find(request.params.document_id)) ?? notFound();
      if (request.method === 'GET') await documents.countView(document.id, clientAddressOf(request));
      return reply.header('etag', `"${document.version}"`).send(document);
    },
  );

  app.get(
    '/documents/:document_id/content',
    { schema: { ...byId, response: { 200: bytes, ...unknown } } },
    async ({ params }, reply) => {
      const document = (await documents.find(params.document_id)) ?? notFound();
      reply
        .type(servedAs(document.content_type))
        .header('content-length', document.content_size)
        // Anybody may have written it: it is shown as what it says it is, and no script of it runs with this page's rights.
        .header('content-security-policy', "sandbox; default-src 'none'");
      return reply.send((await documents.content(document.id)) ?? notFound());
    },
  );

  app.get(
    '/documents/:document_id/stats',
    { schema: { ...byId, response: { 200: documentStats, ...unknown } } },
    async ({ params }) => {
      const id = params.document_id;
      const [document, { total, unique }] = await Promise.all([documents.find(id), documents.views(id)]);
      if (document === undefined) notFound();
      return { document_id: id, total_views: total, unique_views: unique };
    },
  );

  const refusals = { ...unknown, 412: problem };
  app.patch(
    '/documents/:document_id',
    {
      schema: {
        ...byId,
        headers: ifMatchHeader,
        body: documentChanges,
        response: { 200: documentBody, ...refusals, 409: problem },
      },
    },
    async ({ params, body, headers }, reply) => {
      const document = done(await documents.change(params.document_id, body, headers['if-match']));
      return reply.header('etag', `"${document.version}"`).send(document);
    },
  );

  app.delete(
    '/documents/:document_id',
    { schema: { ...byId, headers: ifMatchHeader, response: { 204: z.undefined(), ...refusals } } },
    async ({ params, headers }, reply) => {
      done(await documents.remove(params.document_id, headers['if-match']));
      return reply.code(204).send();
    },
  );
}

const bytes = { content: { 'application/octet-stream': { schema: z.any().meta({ format: 'binary' }) } } };

function done(outcome: ChangeOutcome) {
  switch (outcome.kind) {
    case 'done':
      return outcome.document;
    case 'unknown':
      return notFound();
    case 'stale':
      throw new HttpProblem(412, `The document is at version ${outcome.version}`);
    case 'forbidden':
      throw new HttpProblem(409, `A document that is ${outcome.from} cannot become ${outcome.to}`);
  }
}

function notFound(): never {
  throw new HttpProblem(404, 'Document not found');
}

/** What came in JSON is UTF-8; a browser that is not told so guesses. */
function servedAs(contentType: string): string {
  return /^text\/[^;]*$/i.test(contentType) ? `${contentType}; charset=utf-8` : contentType;
}
