export { cacheConformance } from './cache/cache-conformance.js';
export type { CacheFixture, CacheUnderTest } from './cache/cache-fixture.js';
export {
  type CheckpointStoreFixture,
  type CheckpointStoreUnderTest,
  checkpointStoreConformance,
} from './checkpoints/checkpoint-store-conformance.js';
export { countersConformance } from './counters/counters-conformance.js';
export type { CountersFixture, CountersUnderTest } from './counters/counters-fixture.js';
export type { DeadLetterStoreFixture, DeadLetterStoreUnderTest } from './dead-letters/dead-letter-fixture.js';
export { deadLetterStoreConformance } from './dead-letters/dead-letter-store-conformance.js';
export { leaseConformance } from './lease/lease-conformance.js';
export type { LeaseFixture, LeaseUnderTest } from './lease/lease-fixture.js';
export { objectStoreConformance } from './objects/object-store-conformance.js';
export type { ObjectStoreFixture, ObjectStoreUnderTest } from './objects/object-store-fixture.js';
export type { Sample } from './sample.js';
export type { SearchIndexFixture, SearchIndexUnderTest } from './search/search-fixture.js';
export { searchIndexConformance } from './search/search-index-conformance.js';
export { sinkConformance } from './sink/sink-conformance.js';
export type { SinkFixture, SinkUnderTest } from './sink/sink-fixture.js';
export { sourceConformance } from './source/source-conformance.js';
export type { SourceFixture, SourceUnderTest } from './source/source-fixture.js';
export { stateStoreConformance } from './state/state-store-conformance.js';
export type { StateStoreFixture, StateStoreUnderTest } from './state/state-store-fixture.js';
export {
  type ConformanceSuite,
  type ConformanceTest,
  conformance,
  type TestFramework,
} from './suite.js';
export { transportConformance } from './transport/transport-conformance.js';
export type { TransportFixture, TransportUnderTest } from './transport/transport-fixture.js';
