import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HttpApp } from './http-service.js';
import { InvalidInput } from './invalid-input.js';
import { isUnavailable } from './unavailable.js';

/** An answer other than success, thrown from wherever it is found out: `{"detail"}` with this status. */
export class HttpProblem extends Error {
  readonly statusCode: number;
  readonly detail: string;

  constructor(statusCode: number, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.statusCode = statusCode;
    this.detail = detail;
  }
}

/** The body of such an answer, for the `response` of a route's schema. */
export const problem = z.object({ detail: z.string() });

/** The body of a 422, for the `response` of a route's schema. */
export const invalidInput = z.object({
  detail: z.array(
    z.object({
      type: z.string(),
      loc: z.array(z.union([z.string(), z.number()])),
      msg: z.string(),
      input: z.unknown(),
    }),
  ),
});

/** Answers every error as JSON `{"detail"}`: input is never a 500, and no body ever holds a stack trace or another program's message. */
export function answerErrors(app: HttpApp): void {
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ detail: 'Not Found' }));
  app.setErrorHandler((error, request, reply) => answer(error as FastifyError, request, reply));
}

/** Answers a request that has no route because its address cannot be read. */
export function answerFrameworkError(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  reply.code(400).send({ detail: 'The address cannot be read' });
}

function answer(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof InvalidInput) return reply.code(422).send({ detail: error.detail });
  // Of the parser of bodies; one without a status is a mistake of ours.
  if (NOT_JSON.has(error.code) || (error instanceof SyntaxError && error.statusCode === 400)) {
    const invalid = { type: 'json_invalid', loc: ['body'], msg: 'The body should be valid JSON', input: null };
    return reply.code(422).send({ detail: [invalid] });
  }
  if (error instanceof HttpProblem) {
    if (error.statusCode >= 500) request.log.warn({ err: error }, 'failed');
    if (error.statusCode === 503) reply.header('retry-after', '1');
    return reply.code(error.statusCode).send({ detail: error.detail });
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return reply.code(status).send({ detail: CLIENT_ERRORS[status] ?? 'Bad Request' });
  request.log.error({ err: error }, 'failed');
  if (isUnavailable(error)) {
    return reply.code(503).header('retry-after', '1').send({ detail: 'Temporarily unavailable' });
  }
  return reply.code(500).send({ detail: 'Internal Server Error' });
}

const NOT_JSON = new Set(['FST_ERR_CTP_INVALID_JSON_BODY', 'FST_ERR_CTP_EMPTY_JSON_BODY']);

const CLIENT_ERRORS: Readonly<Record<number, string>> = {
  404: 'Not Found',
  413: 'The body is too large',
  414: 'The address is too long',
  415: 'The body should be application/json',
  429: 'Too many requests',
};
