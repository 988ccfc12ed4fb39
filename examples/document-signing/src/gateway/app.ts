import staticFiles from '@fastify/static';
import type { Hub } from '@sluice/realtime';
import type { Pool } from 'pg';
import { z } from 'zod';
import { newestInFeed } from '../changes/feed.js';
import type { Readiness } from '../http/health.js';
import { type HttpApp, httpService } from '../http/http-service.js';
import { parsePart } from '../http/invalid-input.js';
import { type Log, openLog } from '../http/log.js';
import type { Service } from '../http/service.js';

export interface GatewayParts {
  readonly documents: Service;
  readonly pool: Pool;
  readonly hub: Hub;
  readonly readiness: Readiness;
  /** The folder of the built page. */
  readonly pageDirectory: string;
  readonly log?: Log;
}

const feedQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(200) });

/** One origin for everything: the API, the realtime feed, and the page. */
export async function gateway(parts: GatewayParts): Promise<HttpApp> {
  const app = await httpService({ name: 'gateway', readiness: parts.readiness, log: parts.log ?? openLog() });
  // The service reads the body itself.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of ['/documents', '/documents/*']) {
      scope.all(url, (request, reply) => {
        reply.hijack();
        parts.documents.app.routing(request.raw, reply.raw);
      });
    }
  });
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
