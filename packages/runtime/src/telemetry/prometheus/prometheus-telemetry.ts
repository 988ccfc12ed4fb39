import { type Metric, refuseUnknownOptions, type Telemetry } from '@sluice/contracts';
import prometheus, { type Registry } from 'prom-client';
import { CounterCells } from '../counter-cells.js';
import { Observers } from '../observers.js';
import { labelName, labelsOf, prometheusName } from './names.js';

/** Options of {@link prometheusTelemetry}. */
export interface PrometheusOptions {
  /** Where the metrics are registered. Default: prom-client's own `register`. */
  readonly registry?: Registry;
}

const telemetries = new WeakMap<Registry, Telemetry>();

/**
 * Metrics of pipelines in a registry of `prom-client`, under the names of docs/telemetry.md. All pipelines may share one; for
 * the same registry the same telemetry is returned. Traces nothing.
 *
 * @throws ComponentError `OPTIONS_INVALID` for an option that there is not.
 */
export function prometheusTelemetry(options: PrometheusOptions = {}): Telemetry {
  refuseUnknownOptions('prometheusTelemetry', options, ['registry']);
  const { registry = prometheus.register } = options;
  const made = telemetries.get(registry) ?? inRegistry(registry);
  telemetries.set(registry, made);
  return made;
}

function inRegistry(registry: Registry): Telemetry {
  const observers = new Observers();
  const configuration = (metric: Metric) => ({
    name: prometheusName(metric),
    help: metric.description,
    labelNames: metric.attributes.map(labelName),
    registers: [registry],
  });
  const counters = once((metric) => {
    const cells = new CounterCells();
    new prometheus.Counter({
      ...configuration(metric),
      async collect() {
        await observers.round();
        this.reset();
        for (const { attributes, value } of cells.all()) this.inc(labelsOf(attributes), value);
      },
    });
    return cells;
  });
  const histograms = once(
    (metric) => new prometheus.Histogram({ ...configuration(metric), buckets: [...(metric.buckets ?? [])] }),
  );
  const gauges = once(
    (metric) =>
      new prometheus.Gauge({
        ...configuration(metric),
        async collect() {
          const round = await observers.round();
          this.reset();
          for (const { value, attributes } of round.get(metric) ?? []) this.set(labelsOf(attributes), value);
        },
      }),
  );
  return {
    counter: (metric, attributes) => counters(metric).cell(attributes),
    histogram(metric, attributes) {
      const histogram = histograms(metric).labels(labelsOf(attributes));
      return { record: (value) => histogram.observe(value) };
    },
    gauges(metrics, observe) {
      for (const metric of metrics) gauges(metric);
      return observers.add(observe);
    },
  };
}

/** A metric is registered when it is first asked for. */
function once<T>(make: (metric: Metric) => T): (metric: Metric) => T {
  const made = new Map<string, T>();
  return (metric) => {
    const known = made.get(metric.name);
    if (known !== undefined) return known;
    const one = make(metric);
    made.set(metric.name, one);
    return one;
  };
}
