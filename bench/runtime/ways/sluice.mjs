// A pipeline: credits, custody, three operators, a write for what has gathered, settlement, checkpoints in memory.
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { filterEvents, mapEvents, memoryCheckpoints, pipeline } from '@sluice/runtime';
import { openTelemetry } from '@sluice/runtime/opentelemetry';
import { prometheusTelemetry } from '@sluice/runtime/prometheus';
import { Registry } from 'prom-client';
import { isWanted, present, summarize } from '../batches.mjs';

/** `name`: of the pipeline, where there are several. */
export async function sluice({ frame, count, sink, name = 'bench', telemetry }) {
  await pipeline(name, telemetry === undefined ? {} : { telemetry })
    .from(source(frame, count))
    .pipe(mapEvents(summarize), filterEvents(isWanted), mapEvents(present))
    .to(memorySink(sink), { checkpoints: memoryCheckpoints() })
    .run();
}

export async function sluiceWithPrometheus(job) {
  const registry = new Registry();
  await sluice({ ...job, telemetry: prometheusTelemetry({ registry }) });
  await registry.metrics();
}

/** With metrics and spans, which nobody exports: what an exporter does is not ours. */
export async function sluiceWithOpenTelemetry(job) {
  const meter = new MeterProvider().getMeter('bench');
  const tracer = new BasicTracerProvider().getTracer('bench');
  await sluice({ ...job, telemetry: openTelemetry({ meter, tracer }) });
}

/** What a written-out reader is at its cheapest: one promise for each frame. */
function source(frame, count) {
  const lane = {
    lane: 'bench',
    generation: 1n,
    frames: () => ({
      at: 0,
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        if (this.at === count) return { done: true, value: undefined };
        this.at += 1;
        return { done: false, value: frame(this.at) };
      },
    }),
    async confirm() {},
    revoked: new Promise(() => {}),
  };
  return {
    name: 'bench',
    features: { ack: 'cumulative', replayable: true },
    open: async () => ({
      identity: 'bench',
      async *lanes() {
        yield lane;
      },
      head: async () => new Map(),
      async [Symbol.asyncDispose]() {},
    }),
  };
}

function memorySink(sink) {
  return {
    name: 'bench',
    features: { delivery: 'plain' },
    open: async () => ({
      async write(events) {
        sink(events);
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}
