import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput } from './invalid-input.js';

/** Answers every error as JSON `{"detail"}`: input is never a 500, and no body ever holds a stack trace or another program's message. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ detail: 'Not Found' }));
  app.setErrorHandler((error: FastifyError, request, reply) => answer(error, request, reply));
}

function answer(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof InvalidInput) return reply.code(422).send({ detail: error.detail });
  if (NOT_JSON.has(error.code) || error instanceof SyntaxError) {
    const problem = { type: 'json_invalid', loc: ['body'], msg: 'The body should be valid JSON', input: null };
    return reply.code(422).send({ detail: [problem] });
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return reply.code(status).send({ detail: CLIENT_ERRORS[status] ?? 'Bad Request' });
  request.log.error(error);
  if (isUnavailable(error)) return reply.code(503).send({ detail: 'Database unavailable' });
  return reply.code(500).send({ detail: 'Internal Server Error' });
}

const NOT_JSON = new Set(['FST_ERR_CTP_INVALID_JSON_BODY', 'FST_ERR_CTP_EMPTY_JSON_BODY']);

const CLIENT_ERRORS: Readonly<Record<number, string>> = {
  404: 'Not Found',
  413: 'The body is too large',
  414: 'The address is too long',
  415: 'The body should be application/json',
};

/** Connection failures, and the SQLSTATE classes 08 (connection), 53 (resources) and 57P (the server stops). */
function isUnavailable({ code }: FastifyError): boolean {
  return /^(ECONN|EPIPE|ETIMEDOUT|08|53|57P)/.test(code ?? '');
}
