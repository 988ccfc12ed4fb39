import type { Metric } from '@sluice/contracts';
import { ATTRIBUTES } from './attributes.js';

const { pipeline, sink, lane, stage, state, outcome, error } = ATTRIBUTES;

/** Every metric tells these: a pipeline that is routed has a part for each of its sinks. */
const OF_ALL = [pipeline, sink];

/** Upper bounds in seconds, from a write to memory to an outage. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const EVENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** Everything that a pipeline measures. Rates come from the counters. */
export const METRICS = {
  received: counter(
    'sluice.pipeline.events.received',
    '{event}',
    'Events read from the source; those delivered again count again',
  ),
  written: counter('sluice.pipeline.events.written', '{event}', 'Events that became durable in the sink'),
  skipped: counter(
    'sluice.pipeline.events.skipped',
    '{event}',
    'Events that failed and were dropped, as the pipeline was told to',
  ),
  replayed: counter(
    'sluice.pipeline.dead_letters.replayed',
    '{event}',
    'Dead letters that were replayed and became durable in the sink',
  ),
  deadLetters: counter(
    'sluice.pipeline.dead_letters',
    '{event}',
    'Events that became dead letters, by the code of what failed them',
    [error],
  ),
  retries: counter(
    'sluice.pipeline.retries',
    '{retry}',
    'Writes, saves and openings that were tried again, by the code of what failed them',
    [error],
  ),
  generations: counter(
    'sluice.pipeline.generations',
    '{generation}',
    'How often the source and the sink were opened; above 1 after a restart from the checkpoint',
  ),
  givenUp: counter('sluice.pipeline.drain.given_up', '{event}', 'Events in flight that a drain had to give up'),
  batchSize: histogram('sluice.source.batch.size', '{event}', 'Events of a batch as the source gave it', EVENTS),
  settlement: histogram(
    'sluice.pipeline.settlement.duration',
    's',
    'From the arrival of a batch until all of it is durable in the sink or done with',
    SECONDS,
  ),
  write: histogram('sluice.sink.write.duration', 's', 'One write to the sink, each attempt counted', SECONDS, [
    outcome,
  ]),
  writeSize: histogram('sluice.sink.write.size', '{event}', 'Events of one write to the sink', EVENTS),
  checkpoint: histogram(
    'sluice.checkpoint.save.duration',
    's',
    'One save of checkpoints apart from a write; an atomic sink saves them with its writes',
    SECONDS,
    [outcome],
  ),
  state: gauge('sluice.pipeline.state', '1', '1 for the state that the pipeline is in, 0 for the others', [state]),
  healthy: gauge('sluice.pipeline.healthy', '1', '0 when the watchdog finds that nothing settles although it should'),
  breaker: gauge('sluice.sink.breaker.state', '1', '1 for the state that the circuit breaker is in, 0 for the others', [
    state,
  ]),
  creditBytes: gauge('sluice.pipeline.credits.used.bytes', 'By', 'Bytes in flight'),
  creditBytesLimit: gauge(
    'sluice.pipeline.credits.limit.bytes',
    'By',
    'Bytes in flight above which nothing more is pulled',
  ),
  creditBatches: gauge('sluice.pipeline.credits.used.batches', '{batch}', 'Batches in flight'),
  creditBatchesLimit: gauge(
    'sluice.pipeline.credits.limit.batches',
    '{batch}',
    'Batches in flight above which nothing more is pulled',
  ),
  held: gauge('sluice.stage.held', '{delivery}', 'Deliveries that a stage holds', [stage]),
  unsettled: gauge('sluice.lane.unsettled', '{batch}', 'Batches that are not behind the settled prefix of their lane', [
    lane,
  ]),
  lagTime: gauge(
    'sluice.lane.lag.time',
    's',
    'Age of the oldest event that was read and is not settled; 0 when there is none',
    [lane],
  ),
  settledTime: gauge('sluice.lane.settled.time', 's', 'When the newest settled event happened, in Unix time', [lane]),
  lagBytes: gauge(
    'sluice.lane.lag.bytes',
    'By',
    "Bytes of the source's log between the settled prefix and its end, where the source can tell",
    [lane],
  ),
} as const satisfies Record<string, Metric>;

function counter(name: string, unit: string, description: string, attributes: readonly string[] = []): Metric {
  return { kind: 'counter', name, unit, description, attributes: [...OF_ALL, ...attributes] };
}

function gauge(name: string, unit: string, description: string, attributes: readonly string[] = []): Metric {
  return { kind: 'gauge', name, unit, description, attributes: [...OF_ALL, ...attributes] };
}

function histogram(
  name: string,
  unit: string,
  description: string,
  buckets: readonly number[],
  attributes: readonly string[] = [],
): Metric {
  return { kind: 'histogram', name, unit, description, buckets, attributes: [...OF_ALL, ...attributes] };
}
