export { type App, app } from './app/app.js';
export type { AppOptions, HealthOptions } from './app/app-options.js';
export type { AppReport, PipelineEnd } from './app/app-report.js';
export type { AppPart, Service } from './app/part.js';
export { runMain } from './app/run-main.js';
export { memoryCheckpoints } from './checkpoint/memory-checkpoints.js';
export type { CreditOptions } from './credits/credits.js';
export type { StageReport } from './custody/custody.js';
export type { FailurePolicy } from './dead-letters/failure-policy.js';
export { type MemoryDeadLetters, memoryDeadLetters } from './dead-letters/memory-dead-letters.js';
export type { OwnLetterFilter, PipelineDeadLetters } from './dead-letters/pipeline-dead-letters.js';
export { Delivery, type Failure } from './delivery/delivery.js';
export type { AppHealth, AppState, PipelineSummary } from './health/app-health.js';
export type { Condition } from './health/conditions.js';
export type { HealthHandler } from './health/health-handler.js';
export type { MemoryEvent } from './memory/memory-event.js';
export { type MemorySink, type MemorySinkOptions, memorySink } from './memory/memory-sink.js';
export { type MemorySource, type MemorySourceOptions, memorySource } from './memory/memory-source.js';
export { type MemoryTransportOptions, memoryTransport } from './memory/memory-transport.js';
export { type AggregateOptions, aggregateEvents } from './operators/aggregate-events.js';
export { type BatchOptions, batchBy } from './operators/batch-by.js';
export { type DedupeOptions, dedupeEvents } from './operators/dedupe-events.js';
export { expandEvents } from './operators/expand-events.js';
export { filterEvents } from './operators/filter-events.js';
export { type JoinOptions, joinState } from './operators/join-state.js';
export { mapEvents } from './operators/map-events.js';
export { type MapAsyncOptions, mapEventsAsync } from './operators/map-events-async.js';
export { type PartitionOptions, partitionByKey } from './operators/partition-by-key.js';
export { tapEvents } from './operators/tap-events.js';
export { type ThrottleOptions, throttleEvents } from './operators/throttle-events.js';
export { type TimeoutOptions, timeoutEvents } from './operators/timeout-events.js';
export { SCHEMA_VERSION, type Upcaster, type Upcasters, upcastEvents } from './operators/upcast-events.js';
export { validateEvents } from './operators/validate-events.js';
export { type ClosedWindow, type WindowOptions, windowEvents } from './operators/window-events.js';
export type { Counters } from './pipeline/counters.js';
export { Composition, pipeline } from './pipeline/pipeline.js';
export type { Guarantee, Notice, PipelineOptions, ToOptions } from './pipeline/plan.js';
export { type PipelineReport, RunningPipeline } from './pipeline/running-pipeline.js';
export type { RetryOptions } from './retry/retry-policy.js';
export type { RouteBuffer } from './route/backlog.js';
export type { RouteOptions } from './route/route-options.js';
export { type RoutedDrainReport, RoutedPipeline, type RoutedReport } from './route/routed-pipeline.js';
export { type LeasedSourceOptions, leasedSource } from './scale-out/leased-source.js';
export { memoryLease } from './scale-out/memory-lease.js';
export type { BreakerReport, CircuitBreakerOptions } from './sink/circuit-breaker.js';
export type { ScopeOptions } from './state/keyed.js';
export { type MemoryStateOptions, memoryState } from './state/memory-state.js';
export { type StateTableOptions, stateTable } from './state/state-table.js';
export type { Window } from './state/window-lane.js';
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
