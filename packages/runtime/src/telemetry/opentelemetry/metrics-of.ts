import { createNoopMeter, type Meter, type ObservableResult } from '@opentelemetry/api';
import type { Metric, Telemetry } from '@sluice/contracts';
import { CounterCells } from '../counter-cells.js';
import { Observers } from '../observers.js';

type Metrics = Pick<Telemetry, 'counter' | 'histogram' | 'gauges'>;

const known = new WeakMap<Meter, Metrics>();

/** Metrics through a meter, the same each time. Without a meter they go nowhere. */
export function metricsOf(meter: Meter = createNoopMeter()): Metrics {
  const made = known.get(meter) ?? throughMeter(meter);
  known.set(meter, made);
  return made;
}

function throughMeter(meter: Meter): Metrics {
  const observers = new Observers();
  const counters = new Map<string, CounterCells>();
  const gauges = new Set<string>();
  const about = ({ unit, description }: Metric) => ({ unit, description });
  return {
    counter(metric, attributes) {
      const cells = counters.get(metric.name) ?? new CounterCells();
      if (!counters.has(metric.name)) {
        counters.set(metric.name, cells);
        meter.createObservableCounter(metric.name, about(metric)).addCallback(async (result) => {
          await observers.round();
          for (const cell of cells.all()) result.observe(cell.value, cell.attributes);
        });
      }
      return cells.cell(attributes);
    },
    histogram(metric, attributes) {
      const advice = { explicitBucketBoundaries: [...(metric.buckets ?? [])] };
      const histogram = meter.createHistogram(metric.name, { ...about(metric), advice });
      return { record: (value) => histogram.record(value, attributes) };
    },
    gauges(metrics, observe) {
      for (const metric of metrics) {
        if (gauges.has(metric.name)) continue;
        gauges.add(metric.name);
        const gauge = meter.createObservableGauge(metric.name, about(metric));
        gauge.addCallback((result: ObservableResult) => observeGauge(metric, observers, result));
      }
      return observers.add(observe);
    },
  };
}

async function observeGauge(metric: Metric, observers: Observers, result: ObservableResult): Promise<void> {
  const round = await observers.round();
  for (const { value, attributes } of round.get(metric) ?? []) result.observe(value, attributes);
}
