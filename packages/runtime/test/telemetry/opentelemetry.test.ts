import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { METRICS, memoryCheckpoints, memorySink, memorySource, pipeline } from '../../src/index.js';
import { openTelemetry } from '../../src/telemetry/opentelemetry/index.js';

/** A meter whose measurements are kept, and the values of its last collection by metric. */
function metering() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter('test'),
    async seen() {
      exporter.reset();
      await reader.forceFlush();
      const metrics = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
    },
    close: () => provider.shutdown(),
  };
}

test('a pipeline shows what it does through the real SDK', async () => {
  const metrics = metering();
  const source = memorySource<number>({ batch: 10 });
  const running = pipeline('orders', { telemetry: openTelemetry({ meter: metrics.meter }) })
    .from(source)
    .to(memorySink<number>({ name: 'store' }), { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  source.push(...Array.from({ length: 25 }, (_, data) => ({ data })));
  await running.caughtUp();
  const seen = await metrics.seen();
  const of = { 'sluice.pipeline': 'orders', 'sluice.sink': 'store' };
  const value = (name: string) => seen.get(name)?.dataPoints.map((point) => [point.attributes, point.value]);
  expect(value(METRICS.received.name)).toEqual([[of, 25]]);
  expect(value(METRICS.written.name)).toEqual([[of, 25]]);
  expect(value(METRICS.batchSize.name)).toMatchObject([[of, { count: 3, sum: 25 }]]);
  expect(value(METRICS.write.name)).toMatchObject([[{ ...of, 'sluice.outcome': 'ok' }, {}]]);
  expect(value(METRICS.unsettled.name)).toEqual([[{ ...of, 'sluice.lane': 'memory' }, 0]]);
  expect(value(METRICS.state.name)).toContainEqual([{ ...of, 'sluice.state': 'running' }, 1]);
  expect(seen.get(METRICS.lagTime.name)?.descriptor).toMatchObject({ unit: 's' });
  await running.drain();
  await ended;
  await metrics.close();
});

test('counters of a pipeline that is over are still there at the next collection', async () => {
  const metrics = metering();
  const source = memorySource<number>();
  source.push({ data: 1 }, { data: 2 });
  source.end();
  await pipeline('short', { telemetry: openTelemetry({ meter: metrics.meter }) })
    .from(source)
    .to(memorySink<number>(), { checkpoints: memoryCheckpoints() })
    .run();
  const seen = await metrics.seen();
  expect(seen.get(METRICS.written.name)?.dataPoints.map(({ value }) => value)).toEqual([2]);
  expect(seen.get(METRICS.state.name)?.dataPoints ?? []).toEqual([]);
  await metrics.close();
});

test('openTelemetry needs a meter or a tracer, and refuses options that it does not have', () => {
  expect(() => openTelemetry({})).toThrow('`meter` or `tracer`');
  expect(() => openTelemetry({ metre: 1 } as never)).toThrow('metre');
});
