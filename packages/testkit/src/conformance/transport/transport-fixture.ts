import type { SourceFeatures, Transport, TransportFeatures } from '@sluice/contracts';
import { type ConformanceTest, promise } from '../suite.js';
import { TransportBench } from './transport-bench.js';

/** A transport as the suite needs it. */
export interface TransportUnderTest {
  readonly name: string;
  /** As the transport declares them; the suite checks that it does. */
  readonly features: TransportFeatures;
  /** As its subscriptions declare them. Default: the same `ack`; replayable when that is cumulative. */
  readonly subscription?: SourceFeatures;
  /** Names that are no topics; none where any text is one. */
  readonly refusedTopics?: readonly string[];
  /** Makes a transport that has no events; each test has one of its own, and topics of names that no other test has. */
  create(): Promise<TransportFixture>;
}

/** Whatever carries the events, and transports that use it. */
export interface TransportFixture extends AsyncDisposable {
  /** A transport, anew at each call, as another process would have it. Where it lives in one process: always the same. */
  transport(): Transport;
  /** How long the suite waits for what must come, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** Makes a test over a transport of its own. */
export type Check = (
  name: string,
  run: (bench: TransportBench, fixture: TransportFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: TransportUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using bench = new TransportBench(fixture);
      await run(bench, fixture);
    });

/** What the subscriptions of a transport declare. */
export function subscriptionOf({ features, subscription }: TransportUnderTest): SourceFeatures {
  return subscription ?? { ack: features.ack, replayable: features.ack === 'cumulative' };
}
