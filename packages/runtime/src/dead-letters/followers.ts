import { ComponentError, type Envelope } from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';

/** The cause of a letter whose event was not tried: it only follows an earlier one of its key. */
export function parkedCause(): ComponentError {
  return new ComponentError('EVENT_PARKED', 'an earlier event of its key waits among the dead letters');
}

/**
 * The failures, and behind each the later events of its key: they must not overtake it. In the order of `events`; a failed
 * event that is not among these comes last.
 */
export function withFollowers(events: readonly Envelope<unknown>[], failures: readonly Failure[]): readonly Failure[] {
  const failed = new Map(failures.map((failure) => [failure.event, failure]));
  const keys = new Set<string>();
  const all: Failure[] = [];
  for (const event of events) {
    const { key } = event;
    const failure = failed.get(event);
    if (failure !== undefined) {
      all.push(failure);
      failed.delete(event);
      if (key !== undefined) keys.add(key);
    } else if (key !== undefined && keys.has(key)) all.push({ event, cause: parkedCause() });
  }
  return [...all, ...failed.values()];
}

/** Those of `events` that were not made of one of `gone`. */
export function withoutThoseOf<T>(
  events: readonly Envelope<T>[],
  gone: readonly Envelope<unknown>[],
): readonly Envelope<T>[] {
  const byOrdinal = new Map<number, Envelope<unknown>[]>();
  for (const event of gone) byOrdinal.set(event.ordinal, [...(byOrdinal.get(event.ordinal) ?? []), event]);
  const madeOfOne = ({ ordinal, origin, record }: Envelope<T>) =>
    byOrdinal.get(ordinal)?.some((one) => one.origin === origin && one.record === record) ?? false;
  return events.filter((event) => !madeOfOne(event));
}
