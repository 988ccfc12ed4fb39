import {
  ComponentError,
  type Envelope,
  isBatchError,
  isComponentError,
  type SinkFeatures,
  type SinkSession,
} from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import { retryClass } from '../retry/failure-class.js';
import { backoffMs, pause, type RetryPolicy } from '../retry/retry-policy.js';
import type { SinkWrite } from './sink-writer.js';

type Events = readonly Envelope<unknown>[];

/** What a write needs besides its events. */
export interface WriteSetting {
  readonly session: SinkSession<unknown>;
  readonly delivery: SinkFeatures['delivery'];
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Called before each repetition. */
  readonly retried: (error: unknown, attempt: number) => void;
  /** Makes events dead letters; resolves when they are durable there, rejects when there is nowhere to put them. */
  readonly bury: (failures: readonly Failure[], attempts: number) => Promise<void>;
}

/**
 * Writes events until every one of them is durable, in the sink or among the dead letters.
 *
 * - Events that a `BatchError` names are tried again up to `maxAttempts`; `never` ones are buried at once.
 * - A plain sink is given the later events of their keys once more behind those that are tried again: it has no version to
 *   tell it which is the newest.
 * - A write that fails as a whole is repeated; after `maxAttempts` this rejects, and the pipeline opens the sink anew. An
 *   outage never makes dead letters.
 * - A whole write that fails for its data (`never`), or with an error of unknown kind to the last attempt, is taken apart:
 *   each event alone; if not one of them can be written, that is an outage after all. For an atomic sink that would tear a batch apart, so this rejects.
 */
export async function writeDurably(write: SinkWrite, setting: WriteSetting): Promise<void> {
  const { session, policy, signal } = setting;
  const { checkpoints } = write;
  let left = write.events;
  for (let attempt = 1; ; attempt++) {
    try {
      await session.write(left, { checkpoints, attempt: attempt - 1, signal });
      return;
    } catch (error) {
      if (signal.aborted || retryClass(error) === 'operator') throw error;
      const last = attempt >= policy.maxAttempts;
      if (isBatchError(error) && namesAny(error.failures, left)) {
        left = await sortOut(error.failures, left, last, attempt, setting);
        if (left.length === 0 && checkpoints.length === 0) return;
        if ([...error.failures.values()].every((cause) => cause.retry === 'never') || last) continue;
      } else if (retryClass(error) === 'never' || (last && !isComponentError(error))) {
        return writeAlone(left, error, attempt, setting);
      } else if (last) throw error;
      setting.retried(error, attempt);
      if (retryClass(error) !== 'now') await pause(backoffMs(policy, attempt), signal);
    }
  }
}

/** Buries what is hopeless; answers with what must be written again. */
async function sortOut(
  failures: ReadonlyMap<number, ComponentError>,
  events: Events,
  last: boolean,
  attempts: number,
  { delivery, bury }: WriteSetting,
): Promise<Events> {
  const hopeless = new Map<number, Failure>();
  for (const [index, cause] of failures) {
    const event = events[index];
    if (cause.retry === 'operator') throw cause;
    if (event && (last || cause.retry === 'never')) hopeless.set(index, { event, cause });
  }
  if (hopeless.size > 0) await bury([...hopeless.values()], attempts);
  const late = new Set<string>();
  return events.filter((event, index) => {
    if (hopeless.has(index)) return false;
    if (delivery === 'atomic') return true;
    const key = delivery === 'plain' ? event.key : undefined;
    if (failures.has(index)) {
      if (key !== undefined) late.add(key);
      return true;
    }
    return key !== undefined && late.has(key);
  });
}

/** A sink that names no event of ours has told us nothing: the write failed as a whole. */
function namesAny(failures: ReadonlyMap<number, ComponentError>, events: Events): boolean {
  return [...failures.keys()].some((index) => index in events);
}

async function writeAlone(events: Events, cause: unknown, attempts: number, setting: WriteSetting): Promise<void> {
  const { session, delivery, signal, bury } = setting;
  if (delivery === 'atomic') {
    throw new ComponentError('PIPELINE_EVENT_FAILED', 'an atomic sink refused a batch without naming the event', {
      cause,
      details: { events: events.length, attempts },
    });
  }
  const hopeless: Failure[] = [];
  for (const event of events) {
    try {
      await session.write([event], { checkpoints: [], attempt: attempts, signal });
    } catch (error) {
      const one = isBatchError(error) ? (error.failures.get(0) ?? error) : error;
      if (signal.aborted || (isComponentError(one) && one.retry !== 'never')) throw one;
      hopeless.push({ event, cause: one });
    }
  }
  // Where nothing at all can be written and nobody says that it is the data, the sink is what is broken.
  const unknown = hopeless.every(({ cause: one }) => !isComponentError(one));
  if (unknown && events.length > 1 && hopeless.length === events.length) throw cause;
  if (hopeless.length > 0) await bury(hopeless, attempts + 1);
}
