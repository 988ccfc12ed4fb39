export type { Cache, CacheEntry, CacheFeatures } from './capability/cache.js';
export type { Count, Counters, CountersFeatures } from './capability/counters.js';
export type {
  DeadLetter,
  DeadLetterAction,
  DeadLetterFilter,
  DeadLetterStatus,
  DeadLetterStore,
  NewDeadLetter,
  ReplayOutcome,
} from './capability/dead-letter-store.js';
export type {
  AppendResult,
  EventStore,
  ExpectedVersion,
  NewEvent,
  ReadOptions,
  Recorded,
} from './capability/event-store.js';
export type { Lease, LeaseAnswer, LeaseHolder } from './capability/lease.js';
export { refuseBadObjectKey } from './capability/object-key.js';
export type {
  ListObjectsOptions,
  ObjectEntry,
  ObjectInfo,
  ObjectRange,
  ObjectReading,
  ObjectStore,
  ObjectStoreFeatures,
  PresignOptions,
  PutObjectOptions,
} from './capability/object-store.js';
export type {
  SearchApplied,
  SearchChange,
  SearchCondition,
  SearchDocument,
  SearchFeatures,
  SearchField,
  SearchFieldKind,
  SearchFields,
  SearchHit,
  SearchIndex,
  SearchOrder,
  SearchPage,
  SearchRequest,
  SearchValue,
} from './capability/search-index.js';
export {
  refuseBadSearchRequest,
  refuseBadSuggestion,
  searchFieldKind,
  searchWords,
  wrongSearchChange,
} from './capability/search-rules.js';
export { refuseBadKey } from './capability/short-key.js';
export type { StateChange, StateEntry, StateStore, StateValue, StateWrite } from './capability/state-store.js';
export type {
  Checkpoint,
  CheckpointStore,
  Checkpoints,
  CheckpointWrite,
  StoredCheckpoint,
} from './checkpoint/checkpoint.js';
export { refuseForeignCheckpoints } from './checkpoint/foreign-checkpoint.js';
export type { EnvelopeJson, EnvelopeOverrides, EventOrigin, Headers } from './event/envelope.js';
export { Envelope } from './event/envelope.js';
export { keyOf, keyParts } from './event/key.js';
export { restoredEvent, type StoredEventOptions, storedEvent } from './event/stored-event.js';
export { SUPERSEDED } from './event/superseded.js';
export { UNCHANGED, type Unchanged } from './event/unchanged.js';
export type { Version } from './event/version.js';
export type { ErrorDetails, ErrorOptions, RetryClass } from './failure/component-error.js';
export { BatchError, ComponentError, isBatchError, isComponentError } from './failure/component-error.js';
export { ERRORS, type ErrorCode } from './failure/error-table.js';
export { refuseUnknownOptions } from './failure/known-options.js';
export type { DrainReport, Pipeline, PipelineState } from './pipeline/pipeline.js';
export type { Lane } from './position/lane.js';
export { comparePositions, type Position, paddedPosition } from './position/position.js';
export type { StandardIssue, StandardResult, StandardSchemaV1 } from './schema/standard-schema.js';
export type { ComponentContext, Sink, SinkFeatures, SinkSession, WriteContext } from './sink/sink.js';
export type { AckToken, BatchFrame, Frame, ProgressFrame } from './source/frame.js';
export type { LaneReader, Revocation, Source, SourceContext, SourceFeatures, SourceSession } from './source/source.js';
export type {
  Attributes,
  Counter,
  Histogram,
  Metric,
  RecordGauge,
  Span,
  SpanLink,
  SpanOptions,
  Telemetry,
} from './telemetry/telemetry.js';
export { carryTrace, type TraceContext, traceContextOf } from './telemetry/trace-context.js';
export type {
  PublishContext,
  Publisher,
  SubscribeOptions,
  Transport,
  TransportFeatures,
} from './transport/transport.js';
