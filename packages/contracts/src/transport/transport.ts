import type { Envelope } from '../event/envelope.js';
import type { ComponentContext } from '../sink/sink.js';
import type { Source } from '../source/source.js';
import type { TraceContext } from '../telemetry/trace-context.js';

/** What a transport can do. */
export interface TransportFeatures {
  readonly ack: 'cumulative' | 'individual';
  /** Events of one key arrive in the order in which they were published. */
  readonly orderedByKey: boolean;
  /** What was published is still there after a restart of everything. */
  readonly durable: boolean;
  /** Several subscribers of one group share the topic's events. */
  readonly groups: boolean;
}

/** What comes with one call of `publish`; the context of a sink's write fits. */
export interface PublishContext {
  /** Put into the headers of the events in place of what they carried, see {@link carryTrace}. */
  readonly trace?: TraceContext;
}

/** Publishes events. Resolves when the transport has them durably (as far as `features.durable` says). */
export interface Publisher extends AsyncDisposable {
  publish(topic: string, events: readonly Envelope<Uint8Array>[], context?: PublishContext): Promise<void>;
}

/** What to receive, and as part of which group. */
export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** Members of one group share the events; each group gets all of them. */
  readonly group: string;
}

/** Carries events between processes. */
export interface Transport {
  readonly name: string;
  readonly features: TransportFeatures;
  publisher(ctx: ComponentContext): Promise<Publisher>;
  subscribe(options: SubscribeOptions): Source<Uint8Array>;
}
