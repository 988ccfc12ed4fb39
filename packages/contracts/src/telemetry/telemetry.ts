import type { Envelope } from '../event/envelope.js';
import type { TraceContext } from './trace-context.js';

/** Something that is measured. */
export interface Metric {
  /** Lower case with dots, as OpenTelemetry names metrics: `sluice.sink.write.duration`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** UCUM: `s`, `By`, `{event}`; `1` for what has none. */
  readonly unit: string;
  readonly description: string;
  /** The attributes that each of its values has. */
  readonly attributes: readonly string[];
  /** For a histogram: upper bounds, ascending. */
  readonly buckets?: readonly number[];
}

/** Names and values that tell the values of one metric apart. Few in number: never an id, a key or data of an event. */
export type Attributes = Readonly<Record<string, string>>;

/** Counts up. */
export interface Counter {
  /** `amount` is not negative. */
  add(amount: number): void;
}

/** Sorts values into buckets. */
export interface Histogram {
  record(value: number): void;
}

/** Takes the value that a gauge has now. */
export type RecordGauge = (gauge: Metric, value: number, attributes: Attributes) => void;

/** A trace context that one or more events of a batch carry, and the first of those events. */
export interface SpanLink {
  readonly context: TraceContext;
  readonly event: Envelope<unknown>;
}

/** Work that is under way. */
export interface Span {
  /** What headers should carry so that others can link to this span; undefined when it is not recorded anywhere. */
  readonly context: TraceContext | undefined;
  /** Called once. `failure` is the code of the error that it ended with. */
  end(failure?: string): void;
}

/** What a span begins with. */
export interface SpanOptions {
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What it was caused by. Not its parents: a batch has many causes, and they ended long ago. */
  readonly links: readonly SpanLink[];
}

/**
 * Where measurements go: Prometheus, OpenTelemetry, or what you have.
 *
 * - Counters and histograms are asked for once for each set of attributes and then used; asked for again with the same
 *   attributes, they go on from where they were.
 * - Gauges have no memory: `observe` is called when somebody looks, and what it does not record then is gone.
 */
export interface Telemetry {
  counter(metric: Metric, attributes: Attributes): Counter;
  histogram(metric: Metric, attributes: Attributes): Histogram;
  /**
   * Has `observe` called each time somebody looks, before counters are read too. One that fails or is slow must not keep
   * others from being seen. Returns what ends it; gauges that only it recorded are gone then.
   */
  gauges(gauges: readonly Metric[], observe: (record: RecordGauge) => void | Promise<void>): () => void;
  /** Begins a span of kind "consumer" without a parent. Left out where nobody traces. */
  span?(name: string, options: SpanOptions): Span;
}
