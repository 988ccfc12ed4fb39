import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import replyFrom from '@fastify/reply-from';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { clientAddressOf } from '../http/client-address.js';
import { HttpProblem } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import { forwardedHeaders, hostOf } from './forwarded.js';
import type { Place, Replicas } from './replicas.js';

/** How long replicas may take, in milliseconds, and how many connections each gets. */
export interface ProxyLimits {
  /** Default: 2,000. */
  readonly connectMs: number;
  /** Until a replica answers a request for an upgrade. Default: 10,000. */
  readonly handshakeMs: number;
  /** Until the head of an answer, and between two parts of its body. Default: 30,000. */
  readonly answerMs: number;
  /** Default: 256. */
  readonly connectionsPerReplica: number;
  /** Default: 64 MiB. */
  readonly maxBodyBytes: number;
}

/** Bodies up to here are read before they are sent on, so that another replica can be asked when one cannot be reached. */
const KEPT_BYTES = 262_144;

/** Forwards a request to one of the replicas, and its answer back. */
export type Forward = (replicas: Replicas, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/**
 * Forwards requests to replicas over HTTP.
 *
 * A replica that cannot be connected to has got nothing: another one is asked, whatever the method. Once something was sent only a
 * request without effects (GET, HEAD, OPTIONS) is sent again, and only before its answer has begun.
 */
export async function proxy(app: HttpApp, limits: ProxyLimits): Promise<Forward> {
  const agent = new Agent({
    connections: limits.connectionsPerReplica,
    connect: { timeout: limits.connectMs },
    headersTimeout: limits.answerMs,
    bodyTimeout: limits.answerMs,
  });
  app.addHook('onClose', () => agent.close());
  await app.register(replyFrom, { undici: agent, disableRequestLogging: true });

  return async (replicas, request, reply) => {
    const body = await bodyOf(request, limits.maxBodyBytes);
    const tried = new Set<string>();
    await new Promise<void>((resolve, reject) => {
      const attempt = () => {
        const place = replicas.take(tried);
        if (place === undefined) return reject(new HttpProblem(503, 'The service cannot be reached'));
        tried.add(place.base);
        send(request, reply, place, body, resolve, (error) => {
          if (isRepeatable(request, body, error)) return attempt();
          // What is left of the body is not read.
          if (!request.raw.complete) reply.header('connection', 'close');
          return reject(problemOf(error));
        });
      };
      attempt();
    });
    return reply;
  };
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  place: Place,
  body: Buffer | Readable | undefined,
  answered: () => void,
  failed: (error: Error) => void,
): void {
  (request as { body: unknown }).body = body instanceof Readable ? body : undefined;
  reply.raw.once('close', place.release);
  reply.from(undefined, {
    getUpstream: () => place.base,
    retryDelay: () => null,
    ...(Buffer.isBuffer(body)
      ? { body, contentType: request.headers['content-type'] ?? 'application/octet-stream' }
      : {}),
    rewriteRequestHeaders: (_, headers) =>
      forwardedHeaders(headers, { address: clientAddressOf(request), requestId: request.id, host: hostOf(request) }),
    // What the gateway has set is the gateway's to say.
    rewriteHeaders: ({ 'x-request-id': _, ...headers }) => headers,
    onResponse: (_request, answer, response) => {
      place.worked();
      answered();
      answer.send((response as unknown as { readonly stream: Readable }).stream);
    },
    onError: (_, { error }) => {
      if (!isOurFault(error)) place.failed();
      place.release();
      failed(error);
    },
  });
}

/** A small body whole, a large one or one of unknown size as it comes, none for none. Throws 413. */
async function bodyOf(request: FastifyRequest, maxBytes: number): Promise<Buffer | Readable | undefined> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined && encoding === undefined) return undefined;
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  if (length !== undefined && Number(length) <= KEPT_BYTES) {
    return await buffer(request.raw).catch((cause) => {
      throw new HttpProblem(400, 'The request broke off', { cause });
    });
  }
  let read = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      read += chunk.length;
      if (read > maxBytes) done(new HttpProblem(413, 'The body is too large'));
      else done(null, chunk);
    },
  });
  // Not by `pipeline`: it would end the connection on which a 413 is still to be sent.
  request.raw.pipe(counted);
  request.raw.once('close', () => {
    if (!request.raw.complete) counted.destroy(new HttpProblem(400, 'The request broke off'));
  });
  return counted;
}

function isRepeatable({ method }: FastifyRequest, body: Buffer | Readable | undefined, error: Error): boolean {
  if (body instanceof Readable || isOurFault(error)) return false;
  return NOT_SENT.has(codeOf(error)) || SAFE.has(method);
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const NOT_SENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']);
const TOO_LATE = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** The client's body was too large, or the client went away: the replica did nothing wrong. */
function isOurFault(error: Error): boolean {
  return rootOf(error) instanceof HttpProblem || codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE';
}

function problemOf(error: Error): HttpProblem {
  const root = rootOf(error);
  if (root instanceof HttpProblem) return root;
  if (NOT_SENT.has(codeOf(error))) return new HttpProblem(503, 'The service cannot be reached', { cause: error });
  if (TOO_LATE.has(codeOf(error))) return new HttpProblem(504, 'The service took too long', { cause: error });
  return new HttpProblem(502, 'The service broke off', { cause: error });
}

const codeOf = (error: Error): string => (rootOf(error) as NodeJS.ErrnoException).code ?? '';

/** reply-from wraps what undici says. */
function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
