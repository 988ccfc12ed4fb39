import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { METRICS, memoryCheckpoints, memorySink, memorySource, pipeline } from '../../src/index.js';
import { openTelemetry } from '../../src/telemetry/opentelemetry/index.js';

/** An endpoint of OTLP over HTTP with JSON, on loopback; `sent` are the bodies by path. */
async function endpoint() {
  const sent: { path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      sent.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    of: (path: string) => sent.filter((one) => one.path === path).map(({ body }) => JSON.parse(body)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('metrics and linked spans arrive over OTLP as they were made', { timeout: 30_000 }, async () => {
  await using own = await endpoint();
  const { url } = own;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
    exportIntervalMillis: 3_600_000,
  });
  const meters = new MeterProvider({ readers: [reader] });
  const tracers = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }))],
  });
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const source = memorySource<number>();
  source.push({ data: 1, headers: { traceparent } }, { data: 2, headers: { traceparent } });
  source.end();
  await pipeline('otlp', {
    telemetry: openTelemetry({ meter: meters.getMeter('test'), tracer: tracers.getTracer('test') }),
  })
    .from(source)
    .to(memorySink<number>({ name: 'store' }), { checkpoints: memoryCheckpoints() })
    .run();
  await tracers.shutdown();
  await meters.shutdown();
  const metrics = own.of('/v1/metrics')[0].resourceMetrics[0].scopeMetrics[0].metrics as {
    name: string;
    sum?: object;
  }[];
  expect(metrics.find(({ name }) => name === METRICS.written.name)).toMatchObject({
    unit: '{event}',
    sum: { isMonotonic: true, dataPoints: [{ asDouble: 2 }] },
  });
  const span = own.of('/v1/traces')[0].resourceSpans[0].scopeSpans[0].spans[0];
  expect(span).toMatchObject({ name: 'sluice.write', links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }] });
  expect(span.parentSpanId).toBeUndefined();
});
