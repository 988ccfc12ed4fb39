import type { Lane } from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import { causeOf } from '../retry/failure-class.js';
import { CHANNELS, type DeadLetterMessage } from './channels.js';
import type { Observed } from './observed-sink.js';

/** Tells of events that became dead letters. */
export function observedBurial(
  { pipeline, sink, measured }: Observed,
  {
    lane,
    failures,
    attempts,
  }: { readonly lane: Lane; readonly failures: readonly Failure[]; readonly attempts: number },
): void {
  if (measured === undefined && !CHANNELS.deadLetter.hasSubscribers) return;
  const events: Record<string, number> = {};
  for (const { cause } of failures) {
    const { code } = causeOf(cause);
    events[code] = (events[code] ?? 0) + 1;
  }
  measured?.buried(events);
  const message: DeadLetterMessage = { pipeline, sink, lane, events, attempts };
  CHANNELS.deadLetter.publish(message);
}
