import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { ComponentError, type LaneReader, type Telemetry } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  METRICS,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  pipeline,
} from '../../src/index.js';
import { openTelemetry } from '../../src/telemetry/opentelemetry/index.js';
import { prometheusTelemetry } from '../../src/telemetry/prometheus/index.js';
import type { Numbered } from '../support/events.js';
import { exposed } from '../support/exposed.js';
import { batchOf, scriptedLane, scriptedSource, sinkOf, until } from '../support/scripted-source.js';

/** A source whose lanes come one after the other, each with one batch; the next comes when `next` is called. */
function comingAndGoing() {
  let wake = () => {};
  let lanes = 0;
  let announced = 0;
  const source = scriptedSource(async function* (_, closed): AsyncGenerator<LaneReader<Numbered>> {
    for (;;) {
      while (announced >= lanes && !closed.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          closed.addEventListener('abort', () => resolve());
        });
      }
      if (closed.aborted) return;
      const lane = `lane-${++announced}`;
      yield scriptedLane(lane, async function* () {
        yield batchOf(lane, 0, 3);
      });
    }
  });
  const next = (count: number) => {
    lanes += count;
    wake();
  };
  return { source, next };
}

const series = (text: string, metric: string) => text.split('\n').filter((line) => line.startsWith(`${metric}{`));

test('lanes that come and go leave nothing behind', { timeout: 60_000 }, async () => {
  const registry = new Registry();
  const { source, next } = comingAndGoing();
  let release = () => {};
  let held = Promise.resolve();
  const running = pipeline('lanes', { telemetry: prometheusTelemetry({ registry }), maxMeasuredLanes: 20 })
    .from(source)
    .to(
      sinkOf(() => held),
      { checkpoints: memoryCheckpoints() },
    );
  const ended = running.run();
  const seen = async () => series((await exposed(registry)).text, 'sluice_lane_unsettled').length;
  const sizes: number[] = [];
  for (let round = 1; round <= 10; round++) {
    held = new Promise((resolve) => {
      release = resolve;
    });
    next(4);
    await waitFor(() => running.report().counters.received === round * 12, { what: 'the lanes of the round' });
    expect(await seen()).toBe(round <= 5 ? 4 : 1);
    release();
    await waitFor(async () => (await seen()) === 0, { what: 'the lanes to be gone' });
    sizes.push((await exposed(registry)).text.split('\n').length);
  }
  expect(new Set(sizes).size).toBe(1);
  await running.drain();
  await ended;
});

test('lanes above the limit are shown as one, also where a monitoring system forgets nothing', async () => {
  const registry = new Registry();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const start = (telemetry: Telemetry) => {
    const { source, next } = comingAndGoing();
    const running = pipeline('lanes', { telemetry, maxMeasuredLanes: 2 })
      .from(source)
      .to(
        sinkOf((_, { signal }) => until(signal).then(() => Promise.reject(new Error('aborted')))),
        { checkpoints: memoryCheckpoints() },
      );
    const ended = running.run();
    next(6);
    return { running, ended };
  };
  const both = [start(prometheusTelemetry({ registry })), start(openTelemetry({ meter: provider.getMeter('test') }))];
  for (const { running } of both) {
    await waitFor(() => running.report().counters.received === 18, { what: 'all lanes' });
  }
  const of = { pipeline: 'lanes', sink: 'given' };
  const seen = await exposed(registry);
  expect(series(seen.text, 'sluice_lane_unsettled')).toHaveLength(3);
  expect(seen.value('sluice_lane_unsettled', { ...of, lane: 'lane-1' })).toBe(1);
  expect(seen.value('sluice_lane_unsettled', { ...of, lane: 'other' })).toBe(4);
  await reader.forceFlush();
  const points = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .find(({ descriptor }) => descriptor.name === METRICS.unsettled.name)?.dataPoints;
  expect(points?.map(({ attributes }) => attributes['sluice.lane']).sort()).toEqual(['lane-1', 'lane-2', 'other']);
  for (const { running, ended } of both) {
    await running.drain({ timeoutMs: 0 });
    await ended;
  }
  await provider.shutdown();
});

test('a telemetry that throws harms nothing, and is told of once', async () => {
  const broken = () => {
    throw new Error('no');
  };
  const telemetry: Telemetry = {
    counter: broken,
    histogram: () => ({ record: broken }),
    gauges: broken,
    span: broken,
  };
  const notices: string[] = [];
  const source = memorySource<number>({ batch: 1 });
  source.push({ data: 1 }, { data: 2 }, { data: 3 });
  source.end();
  const sink = memorySink<number>();
  await pipeline('brave', { telemetry, notice: ({ message }) => notices.push(message) })
    .from(source)
    .to(sink, { checkpoints: memoryCheckpoints() })
    .run();
  expect(sink.events).toHaveLength(3);
  expect(notices).toEqual([expect.stringContaining('telemetry failed')]);
});

test('dead letters are counted by code, dropped events as skipped; the breaker is a gauge', async () => {
  const registry = new Registry();
  const telemetry = prometheusTelemetry({ registry });
  const failing = async (name: string, options: object) => {
    const source = memorySource<number>();
    source.push({ data: 1 }, { data: 2 });
    source.end();
    await pipeline(name, { telemetry, notice: () => {} })
      .from(source)
      .pipe(
        mapEvents((n) => {
          if (n === 2) throw new Error('two');
          return n;
        }),
      )
      .to(memorySink<number>(), { checkpoints: memoryCheckpoints(), ...options })
      .run();
  };
  await failing('buried', { deadLetters: memoryDeadLetters() });
  await failing('dropped', { onFailure: 'skip' });
  const running = pipeline('open', { telemetry })
    .from(memorySource())
    .to(memorySink(), { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  const seen = await exposed(registry);
  const of = (pipeline: string) => ({ pipeline, sink: 'memory' });
  expect(seen.value('sluice_pipeline_dead_letters_total', { ...of('buried'), error_type: 'UNKNOWN' })).toBe(1);
  expect(seen.value('sluice_pipeline_events_skipped_total', of('buried'))).toBe(0);
  expect(seen.value('sluice_pipeline_events_skipped_total', of('dropped'))).toBe(1);
  expect(seen.value('sluice_pipeline_dead_letters_total', { ...of('dropped'), error_type: 'UNKNOWN' })).toBeUndefined();
  expect(seen.value('sluice_sink_breaker_state', { ...of('open'), state: 'closed' })).toBe(1);
  expect(seen.value('sluice_sink_breaker_state', { ...of('open'), state: 'open' })).toBe(0);
  await running.drain();
  await ended;
});

test('errors whose codes are made of ids do not make series without end', async () => {
  const registry = new Registry();
  let count = 0;
  const failing = sinkOf(async () => {
    if (count++ < 700) throw new ComponentError(`HTTP_${count}`, 'made of an id', { retry: 'now' });
  });
  const source = memorySource<Numbered>();
  source.push({ key: 'a', data: { lane: 'a', n: 1 } });
  source.end();
  await pipeline('codes', { telemetry: prometheusTelemetry({ registry }), notice: () => {} })
    .from(source)
    .to(failing, { checkpoints: memoryCheckpoints(), retry: { maxAttempts: 1_000 }, circuitBreaker: false })
    .run();
  const text = await registry.metrics();
  expect(series(text, 'sluice_pipeline_retries_total').length).toBe(501);
  expect(text).toMatch(/sluice_pipeline_retries_total\{.*error_type="OTHER".*\} 200/);
});
