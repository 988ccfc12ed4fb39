import { waitFor } from '@sluice/testkit';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { filterEvents, mapEvents, memoryCheckpoints, memorySink, memorySource, pipeline } from '../../src/index.js';
import { prometheusTelemetry } from '../../src/telemetry/prometheus/index.js';
import { exposed } from '../support/exposed.js';
import { failingSink } from '../support/failing-sink.js';

const checkpoints = memoryCheckpoints;

test('a pipeline shows what it does in the text that Prometheus reads', async () => {
  const registry = new Registry();
  const source = memorySource<number>({ batch: 10 });
  const running = pipeline('orders', { telemetry: prometheusTelemetry({ registry }) })
    .from(source)
    .pipe(mapEvents((n) => n + 1))
    .to(memorySink<number>({ name: 'store' }), { checkpoints: checkpoints() });
  const ended = running.run();
  source.push(...Array.from({ length: 25 }, (_, data) => ({ data, key: `secret-${data}` })));
  await running.caughtUp();
  await waitFor(() => source.confirmed === 25, { what: 'the checkpoint' });
  const of = { pipeline: 'orders', sink: 'store' };
  const seen = await exposed(registry);
  expect(seen.value('sluice_pipeline_events_received_total', of)).toBe(25);
  expect(seen.value('sluice_pipeline_events_written_total', of)).toBe(25);
  expect(seen.value('sluice_pipeline_generations_total', of)).toBe(1);
  expect(seen.value('sluice_source_batch_size_bucket', { ...of, le: '10' })).toBe(3);
  expect(seen.value('sluice_source_batch_size_sum', of)).toBe(25);
  expect(seen.value('sluice_pipeline_settlement_duration_seconds_count', of)).toBe(3);
  expect(seen.value('sluice_sink_write_size_sum', of)).toBe(25);
  expect(seen.value('sluice_sink_write_duration_seconds_count', { ...of, outcome: 'ok' })).toBeGreaterThan(0);
  expect(seen.value('sluice_checkpoint_save_duration_seconds_count', { ...of, outcome: 'ok' })).toBeGreaterThan(0);
  expect(seen.value('sluice_pipeline_state', { ...of, state: 'running' })).toBe(1);
  expect(seen.value('sluice_pipeline_state', { ...of, state: 'failed' })).toBe(0);
  expect(seen.value('sluice_pipeline_healthy', of)).toBe(1);
  expect(seen.value('sluice_pipeline_credits_used_bytes', of)).toBe(0);
  expect(seen.value('sluice_pipeline_credits_limit_bytes', of)).toBe(16 * 1024 * 1024);
  expect(seen.value('sluice_stage_held', { ...of, stage: 'sink store' })).toBe(0);
  expect(seen.value('sluice_lane_unsettled', { ...of, lane: 'memory' })).toBe(0);
  expect(seen.value('sluice_lane_lag_time_seconds', { ...of, lane: 'memory' })).toBe(0);
  expect(seen.value('sluice_lane_lag_bytes', { ...of, lane: 'memory' })).toBe(0);
  const settled = seen.value('sluice_lane_settled_time_seconds', { ...of, lane: 'memory' }) ?? 0;
  expect(Math.abs(settled - Date.now() / 1000)).toBeLessThan(60);
  expect(seen.text).not.toContain('secret');
  await running.drain();
  await ended;
});

test('what waits shows as lag in time and bytes, against the credits, and by stage', async () => {
  const registry = new Registry();
  const source = memorySource<number>({ batch: 10, bytesPerEvent: 100 });
  const sink = failingSink(() => 'hang');
  const telemetry = prometheusTelemetry({ registry });
  const running = pipeline('stuck', { telemetry, credits: { batches: 2 } })
    .from(source)
    .to(sink, { checkpoints: checkpoints() });
  const ended = running.run();
  source.push(...Array.from({ length: 50 }, (_, data) => ({ data })));
  await waitFor(() => running.report().credits.batches === 2, { what: 'the credits to be spent' });
  const of = { pipeline: 'stuck', sink: sink.name };
  const seen = await exposed(registry);
  expect(seen.value('sluice_pipeline_credits_used_batches', of)).toBe(2);
  expect(seen.value('sluice_pipeline_credits_used_bytes', of)).toBe(2000);
  expect(seen.value('sluice_lane_unsettled', { ...of, lane: 'memory' })).toBe(2);
  expect(seen.value('sluice_stage_held', { ...of, stage: `sink ${sink.name}` })).toBe(2);
  const first = seen.value('sluice_lane_lag_time_seconds', { ...of, lane: 'memory' }) ?? 0;
  const grown = async () => (await exposed(registry)).value('sluice_lane_lag_time_seconds', { ...of, lane: 'memory' });
  await waitFor(async () => ((await grown()) ?? 0) > first, { what: 'the lag to grow' });
  await running.drain({ timeoutMs: 0 });
  await ended;
  const after = await exposed(registry);
  expect(after.value('sluice_pipeline_drain_given_up_total', of)).toBe(20);
  expect(after.value('sluice_pipeline_events_received_total', of)).toBe(20);
  expect(after.value('sluice_lane_unsettled', { ...of, lane: 'memory' })).toBeUndefined();
  expect(after.value('sluice_pipeline_state', { ...of, state: 'stopped' })).toBeUndefined();
});

test('a source that was read and not settled at all shows its lag in bytes', async () => {
  const registry = new Registry();
  const source = memorySource<number>({ batch: 10, bytesPerEvent: 100 });
  let writes = 0;
  const sink = failingSink(() => (++writes === 1 ? 'write' : 'hang'));
  const running = pipeline('behind', { telemetry: prometheusTelemetry({ registry }) })
    .from(source)
    .to(sink, { checkpoints: checkpoints() });
  const ended = running.run();
  source.push(...Array.from({ length: 10 }, (_, data) => ({ data })));
  await waitFor(() => source.confirmed === 10, { what: 'the first batch' });
  source.push(...Array.from({ length: 30 }, (_, data) => ({ data })));
  await waitFor(() => running.report().counters.received === 40, { what: 'the others' });
  const seen = await exposed(registry);
  expect(seen.value('sluice_lane_lag_bytes', { pipeline: 'behind', sink: sink.name, lane: 'memory' })).toBe(3000);
  await running.drain({ timeoutMs: 0 });
  await ended;
});

test('retries and failed writes are counted by code and outcome, and what failed stays in sight', async () => {
  const registry = new Registry();
  const source = memorySource<number>();
  const sink = failingSink((attempt) => (attempt < 3 ? 'MEMORY_FULL' : 'CHECKPOINT_FENCED'));
  const running = pipeline('failing', { telemetry: prometheusTelemetry({ registry }), notice: () => {} })
    .from(source)
    .to(sink, { checkpoints: checkpoints(), retry: { initialMs: 1, maxMs: 1 } });
  source.push({ data: 1 });
  await expect(running.run()).rejects.toMatchObject({ code: 'CHECKPOINT_FENCED' });
  const of = { pipeline: 'failing', sink: sink.name };
  const seen = await exposed(registry);
  expect(seen.value('sluice_pipeline_retries_total', { ...of, error_type: 'MEMORY_FULL' })).toBe(3);
  expect(seen.value('sluice_sink_write_duration_seconds_count', { ...of, outcome: 'failed' })).toBe(4);
  expect(seen.value('sluice_pipeline_state', { ...of, state: 'failed' })).toBe(1);
});

test('a pipeline that takes the place of a failed one goes on counting where that one ended', async () => {
  const registry = new Registry();
  const telemetry = prometheusTelemetry({ registry });
  const seen = async () => exposed(registry);
  const of = { pipeline: 'again', sink: 'memory' };
  const failed = memorySource<number>();
  failed.push({ data: 1 });
  const broken = pipeline('again', { telemetry })
    .from(failed)
    .pipe(
      mapEvents(() => {
        throw new Error('no');
      }),
    )
    .to(memorySink<number>(), { checkpoints: checkpoints() });
  await expect(broken.run()).rejects.toThrow();
  expect((await seen()).value('sluice_pipeline_state', { ...of, state: 'failed' })).toBe(1);
  const source = memorySource<number>();
  source.push({ data: 1 }, { data: 2 });
  source.end();
  await pipeline('again', { telemetry }).from(source).to(memorySink<number>(), { checkpoints: checkpoints() }).run();
  const after = await seen();
  expect(after.value('sluice_pipeline_events_received_total', of)).toBe(3);
  expect(after.value('sluice_pipeline_state', { ...of, state: 'failed' })).toBeUndefined();
});

test('one registry has one telemetry, whoever asks for it', () => {
  const registry = new Registry();
  expect(prometheusTelemetry({ registry })).toBe(prometheusTelemetry({ registry }));
});

test('the parts of a routed pipeline are told apart by their sinks', async () => {
  const registry = new Registry();
  const source = memorySource<number>();
  const to = (name: string) => memorySink<number>({ name });
  const running = pipeline('routed', { telemetry: prometheusTelemetry({ registry }) })
    .from(source)
    .route({
      all: (branch) => branch.to(to('all'), { checkpoints: checkpoints() }),
      odd: (branch) => branch.pipe(filterEvents((n) => n % 2 === 1)).to(to('odd'), { checkpoints: checkpoints() }),
    });
  const ended = running.run();
  source.push(...[1, 2, 3].map((data) => ({ data })));
  await running.caughtUp();
  const seen = await exposed(registry);
  const written = (sink: string) => seen.value('sluice_pipeline_events_written_total', { pipeline: 'routed', sink });
  expect([written('all'), written('odd')]).toEqual([3, 2]);
  expect(seen.value('sluice_lane_lag_bytes', { pipeline: 'routed', sink: 'odd', lane: 'memory' })).toBe(0);
  await running.drain();
  await ended;
});
