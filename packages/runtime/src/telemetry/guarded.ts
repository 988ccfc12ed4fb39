import type { Counter, Histogram, Span, Telemetry } from '@sluice/contracts';

const NO_COUNTER: Counter = { add: () => {} };
const NO_HISTOGRAM: Histogram = { record: () => {} };
const NO_SPAN: Span = { context: undefined, end: () => {} };

/** A telemetry that never throws: whoever measures is no part of the pipeline. `failed` is told of the first failure. */
export function guarded(telemetry: Telemetry, failed: (error: unknown) => void): Telemetry {
  let told = false;
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!told) failed(error);
      told = true;
      return otherwise;
    }
  };
  return {
    counter(metric, attributes) {
      const counter = attempt(() => telemetry.counter(metric, attributes), NO_COUNTER);
      return { add: (amount) => attempt(() => counter.add(amount), undefined) };
    },
    histogram(metric, attributes) {
      const histogram = attempt(() => telemetry.histogram(metric, attributes), NO_HISTOGRAM);
      return { record: (value) => attempt(() => histogram.record(value), undefined) };
    },
    gauges(gauges, observe) {
      const end = attempt(
        () => telemetry.gauges(gauges, observe),
        () => {},
      );
      return () => attempt(end, undefined);
    },
    ...(telemetry.span === undefined
      ? {}
      : {
          span(name, options) {
            const span = attempt(() => telemetry.span?.(name, options) ?? NO_SPAN, NO_SPAN);
            return { context: span.context, end: (code) => attempt(() => span.end(code), undefined) };
          },
        }),
  };
}
