import type { IncomingMessage, ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { Registry } from 'prom-client';
import { answerBrokenRequest } from './broken-request.js';
import { isHandedOn } from './client-address.js';
import { serveDocs } from './docs.js';
import { answerErrors, answerFrameworkError, HttpProblem } from './errors.js';
import { healthRoutes, type Readiness } from './health.js';
import { isOurHost } from './hosts.js';
import { type HttpLimits, limitsOf } from './limits.js';
import type { Log } from './log.js';
import { serveMetrics } from './metrics.js';
import { requestId } from './request-id.js';
import { logRequests } from './request-log.js';
import { compileValidator, serializeJson } from './validation.js';

/** A Fastify instance whose routes get their types from the zod schemas that they validate by. */
export type HttpApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, Log, ZodTypeProvider>;

/** Options of {@link httpService}. */
export interface HttpServiceOptions {
  /** In logs and metrics, and as the title of `/docs`: `document`. */
  readonly name: string;
  /** A sentence for `/docs`. */
  readonly description?: string;
  /** What must work before traffic is welcome, by name. */
  readonly readiness: Readiness;
  /** Of the process; the service adds its name. */
  readonly log: Log;
  /** Holds the service's metrics, those of its pipelines too. Default: a new one. */
  readonly registry?: Registry;
  /** Names besides `localhost` and addresses under which it is reached; `*` for any. Default: none. Others: 403. */
  readonly allowedHosts?: readonly string[];
  /** Addresses and networks (`10.0.0.0/8`) whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /** Services whose API is shown on the same `/docs`. Default: none. */
  readonly alsoDocuments?: readonly HttpApp[];
}

/**
 * What every service has before it has routes of its own: validation by zod, errors as `{"detail"}`, request ids, one line of log per
 * request, `/health/live`, `/health/ready`, `/metrics`, `/docs`, and limits against slow and large requests.
 *
 * Routes are added before the instance is listened on or `ready()` is called.
 */
export async function httpService(options: HttpServiceOptions): Promise<HttpApp> {
  const { name, readiness, trustedProxies = [], allowedHosts = [] } = options;
  const limits = limitsOf(options.limits);
  const app = Fastify({
    loggerInstance: options.log.child({ service: name }) as Log,
    // A line of ours instead of its two.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: limits.bodyBytes,
    // What is wrong with an id is for its schema to say, however long it is.
    routerOptions: { maxParamLength: limits.headerBytes },
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.stalledMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs, limits.requestMs),
      maxHeaderSize: limits.headerBytes,
      ...onlyWebSockets,
    },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerFrameworkError,
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = limits.connections;
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(serializeJson);
  // What a form of another site can send unasked is not understood: 415.
  app.removeContentTypeParser('text/plain');
  // One client that sends or reads slowly would hold up the stop of everything.
  app.addHook('preClose', async () => {
    setTimeout(() => app.server.closeAllConnections(), limits.farewellMs).unref();
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    if (!isHandedOn(request.raw) && !isOurHost(request, allowedHosts))
      throw new HttpProblem(403, 'This host is not served here');
  });
  logRequests(app);
  answerErrors(app);
  await serveDocs(app, options);
  serveMetrics(app, options.registry ?? new Registry());
  healthRoutes(app, readiness);
  return app;
}

/** Clients that offer `Upgrade: h2c` with an ordinary request get an ordinary answer. Node 24 and later; no effect before. */
const onlyWebSockets = {
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
};
