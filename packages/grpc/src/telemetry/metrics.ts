import type { Metric } from '@sluice/contracts';

/** Names of attributes (OpenTelemetry, "Semantic conventions for RPC"). None of them ever holds data of a call. */
export const ATTRIBUTES = {
  /** Always `grpc`. */
  system: 'rpc.system.name',
  /** `package.Service/Method` */
  method: 'rpc.method',
  /** The name of the gRPC status. */
  status: 'rpc.response.status_code',
} as const;

const OF_CALLS = [ATTRIBUTES.system, ATTRIBUTES.method, ATTRIBUTES.status];
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Everything that servers and clients measure. Rates come from the counts of the histograms. */
export const METRICS = {
  server: {
    name: 'rpc.server.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'From the arrival of a call until its status was sent, or the caller gave it up',
    attributes: OF_CALLS,
    buckets: SECONDS,
  },
  client: {
    name: 'rpc.client.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'From the start of a call until its status arrived, all attempts together',
    attributes: OF_CALLS,
    buckets: SECONDS,
  },
  active: {
    name: 'sluice.grpc.server.calls.active',
    kind: 'gauge',
    unit: '{call}',
    description: 'Calls whose handler has not ended',
    attributes: [ATTRIBUTES.system],
  },
} as const satisfies Record<string, Metric>;
