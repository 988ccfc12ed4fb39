import type { Meter, Attributes as SpanAttributes, Tracer } from '@opentelemetry/api';
import type { Envelope, Telemetry } from '@sluice/contracts';
import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { metricsOf } from './metrics-of.js';
import { beginSpan } from './span.js';

/** Options of {@link openTelemetry}. At least one of `meter` and `tracer` is given. */
export interface OpenTelemetryOptions {
  /** `metrics.getMeter('…')`. Without it nothing is measured. */
  readonly meter?: Meter;
  /** `trace.getTracer('…')`. Without it nothing is traced, and events keep the trace context that they came with. */
  readonly tracer?: Tracer;
  /**
   * What to tell of an event on the link from a write's span to the span that caused the event. Default: nothing; so no data of
   * yours gets into traces unless you put it here. Where it throws, nothing is told.
   */
  readonly attributes?: (event: Envelope<unknown>) => SpanAttributes;
}

/**
 * Metrics and spans of pipelines through the API of OpenTelemetry, under the names of docs/telemetry.md. All pipelines may
 * share one.
 *
 * Each write to a sink is a span of its own. It links to the trace contexts that its events carry (`traceparent`, W3C Trace
 * Context), at most 128, and events that a sink sends on carry the write's context instead.
 *
 * @throws ComponentError `OPTIONS_INVALID`, naming the option.
 */
export function openTelemetry(options: OpenTelemetryOptions): Telemetry {
  refuseUnknownOptions('openTelemetry', options, ['meter', 'tracer', 'attributes']);
  const { meter, tracer, attributes } = options;
  if (meter === undefined && tracer === undefined) {
    throw new ComponentError('OPTIONS_INVALID', 'openTelemetry: `meter` or `tracer` is needed');
  }
  return {
    ...metricsOf(meter),
    ...(tracer === undefined ? {} : { span: (name, about) => beginSpan(tracer, name, about, attributes) }),
  };
}
