import { z } from 'zod';
import { clientAddressOf } from '../http/client-address.js';
import { HttpProblem, invalidInput, problem } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import { documentPath, MAX_SIGNATURE_BYTES, newSignature, pageOfSignatures, signaturePath } from './schemas.js';
import { signatureBody } from './signature.js';
import type { Signatures } from './signatures.js';

/** A character of JSON takes at most six bytes for one of UTF-8 (`\u0000`); the rest of the body is small. */
const SIGN_BODY_LIMIT = 6 * MAX_SIGNATURE_BYTES + 65_536;

/** The routes under `/signatures`, and `/documents/{id}/signatures`. */
export function signatureRoutes(app: HttpApp, signatures: Signatures): void {
  const tags = ['signatures'];
  const unknown = { 404: problem, 422: invalidInput };

  app.post(
    '/signatures',
    {
      bodyLimit: SIGN_BODY_LIMIT,
      schema: { tags, body: newSignature, response: { 201: signatureBody, ...unknown, 409: problem, 503: problem } },
    },
    async (request, reply) => {
      const signature = await signatures.sign(request.body, clientAddressOf(request));
      return reply.code(201).header('location', `/signatures/${signature.id}`).send(signature);
    },
  );

  app.get(
    '/signatures',
    { schema: { tags, querystring: pageOfSignatures, response: { 200: z.array(signatureBody), 422: invalidInput } } },
    ({ query }) => signatures.list(query),
  );

  app.get(
    '/signatures/:signature_id',
    { schema: { tags, params: signaturePath, response: { 200: signatureBody, ...unknown } } },
    async ({ params }) => (await signatures.find(params.signature_id)) ?? notFound('Signature'),
  );

  app.get(
    '/signatures/:signature_id/image',
    { schema: { tags, params: signaturePath, response: { 200: drawing, ...unknown } } },
    async ({ params }, reply) => {
      const found = (await signatures.drawing(params.signature_id)) ?? notFound('Image');
      reply
        .type(found.contentType)
        .header('content-length', found.size)
        .header('etag', `"${found.etag}"`)
        .header('cache-control', 'private, max-age=3600')
        // Anybody may have drawn it, and an SVG may hold scripts: none of it runs, wherever it is opened.
        .header('content-security-policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'");
      return reply.send(found.body);
    },
  );

  app.get(
    '/documents/:document_id/signatures',
    { schema: { tags, params: documentPath, response: { 200: z.array(signatureBody), ...unknown, 503: problem } } },
    async ({ params }) => (await signatures.ofDocument(params.document_id)) ?? notFound('Document'),
  );
}

const drawing = { content: { 'image/*': { schema: z.any().meta({ format: 'binary' }) } } };

function notFound(what: string): never {
  throw new HttpProblem(404, `${what} not found`);
}
