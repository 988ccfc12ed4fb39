import cors from '@fastify/cors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { clientAddressOf } from '../http/client-address.js';
import { HttpProblem } from '../http/errors.js';
import type { Readiness } from '../http/health.js';
import { type HttpApp, httpService } from '../http/http-service.js';
import type { HttpLimits } from '../http/limits.js';
import type { Log } from '../http/log.js';
import type { Service } from '../http/service.js';
import { isForeign, READS, type SitePolicy } from './cross-site.js';
import { answerBy } from './in-process.js';
import { servePage } from './page.js';
import { type Forward, type ProxyLimits, proxy } from './proxy.js';
import { type RateLimit, type RateLimiter, rateLimiter } from './rate-limit.js';
import { upstreamReadiness } from './readiness.js';
import { Replicas } from './replicas.js';
import { forwardUpgrades } from './upgrades.js';
import { ROUTES, type Upstream, type UpstreamName, type Upstreams } from './upstream.js';

/** What the gateway works with. */
export interface GatewayParts {
  readonly upstreams: Upstreams;
  /** What else must work before traffic is welcome, by name. Default: nothing. */
  readonly readiness?: Readiness;
  /** The folder of the built page. */
  readonly pageDirectory: string;
  readonly log: Log;
  readonly registry?: Registry;
  /** Whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Default: `localhost` and addresses, and no other origin. */
  readonly sites?: Partial<SitePolicy>;
  /** Per client. Default: 120,000 requests in a minute. */
  readonly rateLimit?: RateLimit;
  readonly limits?: Partial<HttpLimits>;
  /** Of replicas. */
  readonly proxyLimits?: Partial<ProxyLimits>;
}

const PROXY_LIMITS: ProxyLimits = {
  connectMs: 2_000,
  handshakeMs: 10_000,
  answerMs: 30_000,
  connectionsPerReplica: 256,
  maxBodyBytes: 64 * 1_048_576,
};

/**
 * One origin for everything: the services' APIs, their WebSockets, and the page.
 *
 * A request that is let through has a host of ours, comes from no foreign page when it changes something, is within its client's rate,
 * and is no larger than the limit. Services of this process are asked without a second hop.
 */
export async function gatewayService(parts: GatewayParts): Promise<Service> {
  const { upstreams, trustedProxies = [], sites: { allowedHosts = [], allowedOrigins = [] } = {} } = parts;
  const limits = { ...PROXY_LIMITS, ...parts.proxyLimits };
  const limiter = rateLimiter(parts.rateLimit ?? { requests: 120_000, seconds: 60 });
  const app = await httpService({
    name: 'gateway',
    description: 'One origin for all services',
    readiness: { ...upstreamReadiness(upstreams), ...parts.readiness },
    log: parts.log,
    trustedProxies,
    allowedHosts,
    alsoDocuments: Object.values(upstreams).flatMap((one: Upstream) => ('service' in one ? [one.service.app] : [])),
    ...(parts.registry ? { registry: parts.registry } : {}),
    ...(parts.limits ? { limits: parts.limits } : {}),
  });
  app.addHook('onRequest', guard(allowedOrigins, limiter, limits.maxBodyBytes));
  if (allowedOrigins.length > 0) {
    await app.register(cors, {
      origin: [...allowedOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
      exposedHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
      maxAge: 600,
    });
  }
  const forward = await proxy(app, limits);
  const targets = Object.fromEntries(
    Object.entries(upstreams).map(([name, upstream]) => [name, targetOf(upstream)]),
  ) as Record<UpstreamName, Target>;
  await routes(app, targets, forward);
  await servePage(app, parts.pageDirectory);
  const upgrades = forwardUpgrades(app.server, {
    target: 'service' in targets.realtime ? { server: targets.realtime.service.app.server } : targets.realtime,
    allowedHosts,
    allowedOrigins,
    limiter,
    trustedProxies,
    handshakeMs: limits.handshakeMs,
  });
  await app.ready();
  let closing: Promise<void> | undefined;
  return {
    name: 'gateway',
    app,
    close() {
      closing ??= closeWithin(app, upgrades.end);
      return closing;
    },
  };
}

type Target = { readonly service: Service } | { readonly replicas: Replicas };

function targetOf(upstream: Upstream): Target {
  return 'service' in upstream ? upstream : { replicas: new Replicas(upstream.replicas) };
}

async function routes(app: HttpApp, targets: Record<UpstreamName, Target>, forward: Forward): Promise<void> {
  await app.register(async (scope) => {
    // Whoever answers reads the body.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const [url, name] of ROUTES) {
      const target = targets[name];
      scope.all(url, { schema: { hide: true } }, (request: FastifyRequest, reply: FastifyReply) =>
        'service' in target ? answerBy(target.service, request, reply) : forward(target.replicas, request, reply),
      );
    }
  });
}

/** What every request passes. */
function guard(allowedOrigins: readonly string[], limiter: RateLimiter, maxBodyBytes: number) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(HEADERS);
    const wait = await limiter.refuse(clientAddressOf(request));
    if (wait !== undefined) {
      reply.header('retry-after', String(wait));
      throw new HttpProblem(429, 'Too many requests');
    }
    if (!READS.has(request.method) && isForeign(request, allowedOrigins)) {
      throw new HttpProblem(403, 'Pages of other sites may not change anything');
    }
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      reply.header('connection', 'close');
      throw new HttpProblem(413, 'The body is too large');
    }
  };
}

/** Of every answer; what a service or the page says itself comes before it. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** How long clients of WebSockets have to leave by themselves, in milliseconds, once the gateway closes. */
const FAREWELL_MS = 2_000;

async function closeWithin(app: HttpApp, endUpgrades: () => void): Promise<void> {
  const late = setTimeout(endUpgrades, FAREWELL_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(late);
  }
}
