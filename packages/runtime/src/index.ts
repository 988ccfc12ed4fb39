export { memoryCheckpoints } from './checkpoint/memory-checkpoints.js';
export type { CreditOptions } from './credits/credits.js';
export type { StageReport } from './custody/custody.js';
export { type MemoryDeadLetters, memoryDeadLetters } from './dead-letters/memory-dead-letters.js';
export { Delivery, type Failure } from './delivery/delivery.js';
export type { MemoryEvent } from './memory/memory-event.js';
export { type MemorySink, type MemorySinkOptions, memorySink } from './memory/memory-sink.js';
export { type MemorySource, type MemorySourceOptions, memorySource } from './memory/memory-source.js';
export { type MemoryTransportOptions, memoryTransport } from './memory/memory-transport.js';
export { type BatchOptions, batchBy } from './operators/batch-by.js';
export { expandEvents } from './operators/expand-events.js';
export { filterEvents } from './operators/filter-events.js';
export { mapEvents } from './operators/map-events.js';
export { type PartitionOptions, partitionByKey } from './operators/partition-by-key.js';
export type { Counters } from './pipeline/counters.js';
export { Composition, pipeline } from './pipeline/pipeline.js';
export type { Guarantee, Notice, PipelineOptions, ToOptions } from './pipeline/plan.js';
export { type PipelineReport, RunningPipeline } from './pipeline/running-pipeline.js';
export type { RetryOptions } from './retry/retry-policy.js';
export type { RouteBuffer } from './route/backlog.js';
export type { RouteOptions } from './route/route-options.js';
export { type RoutedDrainReport, RoutedPipeline, type RoutedReport } from './route/routed-pipeline.js';
export { ATTRIBUTES } from './telemetry/attributes.js';
export type {
  CheckpointMessage,
  DeadLetterMessage,
  GenerationMessage,
  WriteMessage,
} from './telemetry/channels.js';
export { METRICS } from './telemetry/metrics.js';
export type { HealthStatus } from './watchdog/assess.js';
export type { PipelineHealth } from './watchdog/watchdog.js';
