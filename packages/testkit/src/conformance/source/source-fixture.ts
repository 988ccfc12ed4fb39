import type { Envelope, Source, SourceFeatures } from '@sluice/contracts';
import type { Sample } from '../sample.js';

/** A source as the suite needs it. */
export interface SourceUnderTest<T> {
  readonly name: string;
  /** As the source declares them; the suite checks that it does. */
  readonly features: SourceFeatures;
  /** Whether the fixture has `pulled`. Default: false. */
  readonly countsPulls?: boolean;
  /** Whether the fixture has `revoke`. Default: false. */
  readonly revocable?: boolean;
  /** Whether the fixture has `fail`. Default: false. */
  readonly breakable?: boolean;
  /** Why events of one key may come in another order than they were made in, where that is so. */
  readonly unordered?: string;
  /** Makes an empty origin; each test has one of its own. */
  create(): Promise<SourceFixture<T>>;
}

/** An origin of events, and the source that reads it. */
export interface SourceFixture<T> extends AsyncDisposable {
  /** A source over the origin, anew at each call, as a restarted process would have it. */
  source(): Source<T>;
  /** Makes these events, in this order, as one transaction where the origin has transactions. Resolves once they are there. */
  produce(samples: readonly Sample[]): Promise<void>;
  /** The value that an event carries: as it was given to `produce`. */
  value(event: Envelope<T>): string;
  /** How many events the source has taken from its origin so far: so "reads only when asked" can be checked. */
  pulled?(): number;
  /** Takes the lanes of the open session away, as a rebalance does. Does not wait until they have ended. */
  revoke?(): Promise<void>;
  /** Makes the origin fail for good, while a session reads it. */
  fail?(): Promise<void>;
  /** How long the suite waits for what must come, in milliseconds. Default: 30,000 for events, less for endings. */
  readonly timeoutMs?: number;
}
