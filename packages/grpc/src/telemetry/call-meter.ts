import type { Histogram, Metric, Telemetry } from '@sluice/contracts';
import type { GrpcStatus } from '../status/status.js';
import { ATTRIBUTES } from './metrics.js';

/** Measures the calls of one method. */
export interface CallMeter {
  /** `startedAt` is of `performance.now()`. */
  ended(status: GrpcStatus, startedAt: number): void;
}

const NOTHING: CallMeter = { ended: () => {} };

/** The meter of a method; one that does nothing without telemetry. Whoever measures is no part of a call: it can't fail one. */
export function callMeter(telemetry: Telemetry | undefined, metric: Metric, method: string): CallMeter {
  if (telemetry === undefined) return NOTHING;
  const histograms = new Map<GrpcStatus, Histogram>();
  return {
    ended(status, startedAt) {
      try {
        let histogram = histograms.get(status);
        if (histogram === undefined) {
          const { system, method: name, status: code } = ATTRIBUTES;
          histogram = telemetry.histogram(metric, { [system]: 'grpc', [name]: method, [code]: status });
          histograms.set(status, histogram);
        }
        histogram.record((performance.now() - startedAt) / 1_000);
      } catch {
        // The call has its status already; a measurement less is the lesser evil.
      }
    },
  };
}
