import type { Attributes, Lane, RecordGauge } from '@sluice/contracts';
import { ATTRIBUTES } from './attributes.js';
import type { LaneLag } from './lane-lag.js';
import { METRICS } from './metrics.js';

/** The lane under which all those appear that have no place of their own. */
const OTHER = 'other';

/**
 * The gauges of lanes, each under its name, as long as there are not too many names: what a monitoring system has seen once it
 * may keep for long, so a name keeps its place when the lane is gone. The others are shown as one: sums of what is waiting, the
 * worst of the rest.
 */
export class LaneGauges {
  readonly #names = new Set<Lane>();

  constructor(
    private readonly of: Attributes,
    private readonly maxNames: number,
  ) {}

  record(record: RecordGauge, lanes: readonly LaneLag[]): void {
    let others: LaneLag | undefined;
    for (const lag of lanes) {
      if (this.#isNamed(lag.lane)) this.#recordOne(record, lag);
      else others = others === undefined ? { ...lag, lane: OTHER } : worst(others, lag);
    }
    if (others !== undefined) this.#recordOne(record, others);
  }

  #isNamed(lane: Lane): boolean {
    if (this.#names.has(lane)) return true;
    if (this.#names.size >= this.maxNames) return false;
    this.#names.add(lane);
    return true;
  }

  #recordOne(record: RecordGauge, { lane, unsettled, seconds, settledTime, bytes }: LaneLag): void {
    const attributes = { ...this.of, [ATTRIBUTES.lane]: lane };
    record(METRICS.unsettled, unsettled, attributes);
    record(METRICS.lagTime, seconds, attributes);
    if (settledTime !== undefined) record(METRICS.settledTime, settledTime, attributes);
    if (bytes !== undefined) record(METRICS.lagBytes, bytes, attributes);
  }
}

function worst(a: LaneLag, b: LaneLag): LaneLag {
  const both = (merge: (...values: number[]) => number, x: number | undefined, y: number | undefined) =>
    x === undefined ? y : y === undefined ? x : merge(x, y);
  return {
    lane: a.lane,
    unsettled: a.unsettled + b.unsettled,
    seconds: Math.max(a.seconds, b.seconds),
    settledTime: both(Math.min, a.settledTime, b.settledTime),
    bytes: both((x, y) => x + y, a.bytes, b.bytes),
  };
}
