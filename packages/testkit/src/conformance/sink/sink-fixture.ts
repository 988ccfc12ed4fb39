import type { CheckpointStore, Envelope, Sink, SinkFeatures } from '@sluice/contracts';
import type { Sample } from '../sample.js';

/** A sink as the suite needs it. */
export interface SinkUnderTest<T> {
  readonly name: string;
  /** As the sink declares them; the suite checks that it does. */
  readonly features: SinkFeatures;
  /** `latest`: one value for each key (a table, an index). `all`: every event that was written (a topic, a log). */
  readonly keeps: 'latest' | 'all';
  /** Whether the fixture has `poison`. */
  readonly poisonable: boolean;
  /** Makes an empty destination; each test has one of its own. */
  create(): Promise<SinkFixture<T>>;
}

/** A destination, and the sink that writes to it. */
export interface SinkFixture<T> extends AsyncDisposable {
  /** A sink over the destination, anew at each call, as a restarted process would have it. */
  sink(): Sink<T>;
  /** The event that says this; `version` grows from event to event. A null value is a deletion. */
  event(sample: Sample, version: bigint): Envelope<T>;
  /** What the destination holds, read past the sink: for `all` in the order in which it was written. */
  read(): Promise<readonly Sample[]>;
  /** An event of this key that the destination refuses, whatever its state. */
  poison?(key: string, version: bigint): Envelope<T>;
  /** For `atomic`: the checkpoint store of the destination, as another process would open it. */
  checkpoints?(): CheckpointStore;
  /** How long the suite waits for what must come, in milliseconds. Default: 30,000 for events, less for endings. */
  readonly timeoutMs?: number;
}
