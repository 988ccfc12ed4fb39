import type { Attributes, Counter, Metric, PipelineState, RecordGauge, Telemetry } from '@sluice/contracts';
import type { Counters } from '../pipeline/counters.js';
import { tell } from '../pipeline/notices.js';
import type { Plan } from '../pipeline/plan.js';
import type { PipelineReport } from '../pipeline/running-pipeline.js';
import { causeOf } from '../retry/failure-class.js';
import { ATTRIBUTES } from './attributes.js';
import { guarded } from './guarded.js';
import { LaneGauges } from './lane-gauges.js';
import type { LaneLag } from './lane-lag.js';
import { Measurements } from './measurements.js';
import { METRICS } from './metrics.js';

/** What is asked when somebody looks. */
export interface Observable {
  report(): PipelineReport;
  /** How far each lane is behind; none while nothing is open. */
  lags(): Promise<readonly LaneLag[]>;
}

/** Begins to measure a pipeline; undefined when it has no telemetry. */
export function startTelemetry(
  plan: Plan,
  pipeline: { report(): PipelineReport },
  opened: () => { lags(): Promise<readonly LaneLag[]> } | undefined,
): PipelineTelemetry | undefined {
  const { telemetry } = plan.options;
  if (telemetry === undefined) return undefined;
  const observable: Observable = {
    report: () => pipeline.report(),
    lags: async () => opened()?.lags() ?? [],
  };
  const failed = (error: unknown) =>
    tell(plan, `telemetry failed, and no longer shows all (${causeOf(error).message})`, undefined);
  return new PipelineTelemetry(plan, telemetry, observable, failed);
}

/**
 * One pipeline's side of its telemetry: gauges, and the counters that the pipeline keeps anyway, are looked up when somebody
 * looks; `measurements` is told the rest as it happens.
 */
export class PipelineTelemetry {
  readonly measurements: Measurements;
  readonly #telemetry: Telemetry;
  readonly #attributes: Attributes;
  readonly #counted: readonly { readonly of: keyof Counters; readonly counter: Counter; known: number }[];
  readonly #lanes: LaneGauges;
  #end: () => void = () => {};

  constructor(
    { name, sink, options }: Plan,
    telemetry: Telemetry,
    private readonly observable: Observable,
    failed: (error: unknown) => void,
  ) {
    this.#telemetry = guarded(telemetry, failed);
    this.#attributes = { [ATTRIBUTES.pipeline]: name, [ATTRIBUTES.sink]: sink.name };
    this.measurements = new Measurements(this.#telemetry, this.#attributes);
    this.#lanes = new LaneGauges(this.#attributes, options.maxMeasuredLanes);
    const counted = (of: keyof Counters, metric: Metric) => ({
      of,
      counter: this.#telemetry.counter(metric, this.#attributes),
      known: 0,
    });
    this.#counted = [
      counted('received', METRICS.received),
      counted('written', METRICS.written),
      counted('skipped', METRICS.skipped),
      counted('replayed', METRICS.replayed),
      counted('generations', METRICS.generations),
    ];
    this.#end = enrol(telemetry, `${name} ${sink.name}`, () =>
      this.#telemetry.gauges(GAUGES, (record) => this.#observe(record)),
    );
  }

  /** The run is over. What failed is still seen, until a pipeline of the same name and sink takes its place; what stopped is not. */
  end(state: PipelineState): void {
    this.#count();
    if (state !== 'failed') this.#end();
  }

  async #observe(record: RecordGauge): Promise<void> {
    this.#count();
    recordReport(record, this.observable.report(), this.#attributes);
    this.#lanes.record(record, await this.observable.lags());
  }

  #count(): void {
    const { counters } = this.observable.report();
    for (const one of this.#counted) {
      const now = counters[one.of];
      one.counter.add(now - one.known);
      one.known = now;
    }
  }
}

const GAUGES: readonly Metric[] = Object.values(METRICS).filter(({ kind }) => kind === 'gauge');

const STATES: readonly PipelineState[] = ['idle', 'starting', 'running', 'draining', 'stopped', 'failed'];
const BREAKER = ['closed', 'open', 'half-open'] as const;

function recordReport(record: RecordGauge, report: PipelineReport, of: Attributes): void {
  for (const state of STATES) {
    record(METRICS.state, state === report.state ? 1 : 0, { ...of, [ATTRIBUTES.state]: state });
  }
  record(METRICS.healthy, report.health.status === 'stalled' ? 0 : 1, of);
  for (const state of report.breaker === undefined ? [] : BREAKER) {
    record(METRICS.breaker, state === report.breaker?.state ? 1 : 0, { ...of, [ATTRIBUTES.state]: state });
  }
  const { bytes, maxBytes, batches, maxBatches } = report.credits;
  record(METRICS.creditBytes, bytes, of);
  record(METRICS.creditBytesLimit, maxBytes, of);
  record(METRICS.creditBatches, batches, of);
  record(METRICS.creditBatchesLimit, maxBatches, of);
  for (const { name, held } of report.stages) {
    record(METRICS.held, held, { ...of, [ATTRIBUTES.stage]: name });
  }
}

const enrolled = new WeakMap<Telemetry, Map<string, () => void>>();

/** One pipeline of each name and sink is seen: the newest. So one that failed can stay in sight without adding up. */
function enrol(telemetry: Telemetry, name: string, begin: () => () => void): () => void {
  const names = enrolled.get(telemetry) ?? new Map<string, () => void>();
  enrolled.set(telemetry, names);
  names.get(name)?.();
  const end = begin();
  const leave = () => {
    end();
    if (names.get(name) === leave) names.delete(name);
  };
  names.set(name, leave);
  return leave;
}
