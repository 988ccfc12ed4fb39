import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { HttpApp } from './http-service.js';

/**
 * `GET /metrics`: what is in the service's registry, and what is known of the process. Requests are measured by the template of their
 * route, so that ids make no new series.
 */
export function serveMetrics(app: HttpApp, registry: Registry): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    durations.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1_000);
  });
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
    const parts = await Promise.all([registry.metrics(), ofProcess().metrics()]);
    return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).serializer(String).send(parts.join('\n'));
  });
}

let processRegistry: Registry | undefined;

/** Memory, CPU and the event loop: measured once, however many services share the process. */
function ofProcess(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}
