import type { SinkFeatures, SourceFeatures } from '@sluice/contracts';

/**
 * How often an event counts in the sink, whatever crashes.
 *
 * - `effectively-once`: exactly once. It may be delivered again, and changes nothing then.
 * - `at-least-once`: once or more often, never not at all.
 * - `at-most-once`: once or, when the process dies with it in flight, not at all.
 * - `best-effort`: either may happen.
 */
export type Guarantee = 'effectively-once' | 'at-least-once' | 'at-most-once' | 'best-effort';

/**
 * What a source and a sink can do together: nothing is lost when the source can be read again, and nothing counts twice when
 * the sink is idempotent, or stores the position in the same step as the events.
 */
export function guaranteeOf(source: SourceFeatures, sink: SinkFeatures): Guarantee {
  if (source.replayable) return countsOnce(source, sink) ? 'effectively-once' : 'at-least-once';
  return countsOnce(source, sink) ? 'at-most-once' : 'best-effort';
}

/** Whether an event that is written again changes nothing. A source that acks singly has no position to store with it. */
export function countsOnce({ ack }: SourceFeatures, { delivery }: SinkFeatures): boolean {
  return delivery === 'idempotent' || (delivery === 'atomic' && ack === 'cumulative');
}

const FROM_THE_WEAKEST: readonly Guarantee[] = ['best-effort', 'at-most-once', 'at-least-once', 'effectively-once'];

/** The weakest of several. */
export function weakestGuarantee(guarantees: readonly Guarantee[]): Guarantee {
  return FROM_THE_WEAKEST.find((guarantee) => guarantees.includes(guarantee)) ?? 'effectively-once';
}
