import { randomUUID } from 'node:crypto';
import staticFiles from '@fastify/static';
import type { Hub } from '@sluice/realtime';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { newestInFeed } from '../changes/feed.js';
import type { Documents } from '../document/documents.js';
import { documentRoutes } from '../document/routes.js';
import { answerErrors } from './errors.js';
import { healthRoutes, type Readiness } from './health.js';
import { parsePart } from './invalid-input.js';

export interface GatewayParts {
  readonly documents: Documents;
  readonly pool: Pool;
  readonly hub: Hub;
  readonly readiness: Readiness;
  /** The folder of the built page. */
  readonly pageDirectory: string;
  /** Errors are written here, as lines of JSON; none when left out. */
  readonly log?: NodeJS.WritableStream;
}

const feedQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(200) });

/** One origin for everything: the API, the realtime feed, and the page. */
export async function gateway(parts: GatewayParts): Promise<FastifyInstance> {
  const app = Fastify({
    logger: parts.log
      ? { level: 'error', stream: parts.log as NodeJS.WritableStream & { write(line: string): void } }
      : false,
    bodyLimit: 65_536,
    genReqId: () => randomUUID(),
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  });
  answerErrors(app);
  healthRoutes(app, parts.readiness);
  documentRoutes(app, parts.documents);
  app.get('/feed', async (request) => newestInFeed(parts.pool, parsePart(feedQuery, 'query', request.query).limit));
  app.get('/stats', async () => {
    const { connections, channels, sent, dropped } = parts.hub.stats();
    return { connections, channels, sent, dropped };
  });
  await app.register(staticFiles, {
    root: parts.pageDirectory,
    setHeaders: (reply) => reply.header('content-security-policy', PAGE_POLICY),
  });
  return app;
}

/** The page loads nothing from elsewhere, and nobody frames it. */
const PAGE_POLICY =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";
