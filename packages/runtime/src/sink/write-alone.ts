import { ComponentError, isBatchError, isComponentError } from '@sluice/contracts';
import { parkedCause } from '../dead-letters/followers.js';
import type { Failure } from '../delivery/delivery.js';
import type { Events, WriteSetting } from './durable-write.js';
import type { SinkWrite } from './sink-writer.js';

/**
 * Writes each event of a write that failed as a whole alone, and buries those that fail alone too.
 *
 * @throws ComponentError `PIPELINE_EVENT_FAILED` for an atomic sink with more than one event: which of them is bad can't be
 * found out without tearing the batch apart. The `cause`, when nothing at all can be written and nobody says that it is the data.
 */
export async function writeAlone(
  { checkpoints }: SinkWrite,
  events: Events,
  cause: unknown,
  /** How often they were tried together. */
  attempt: number,
  setting: WriteSetting,
): Promise<void> {
  const { session, delivery, signal, parks, notes, bury, breaker } = setting;
  const [only] = events;
  if (delivery === 'atomic') {
    if (only === undefined || events.length > 1) throw unnamed(cause, events);
    await bury([{ event: only, cause }], () => attempt);
    await session.write([], { checkpoints, attempt, signal });
    return;
  }
  const hopeless: Failure[] = [];
  const gone = new Set<string>();
  let tried = 0;
  let failed = 0;
  for (const event of events) {
    const key = parks ? event.key : undefined;
    if (key !== undefined && gone.has(key)) {
      hopeless.push({ event, cause: parkedCause() });
      continue;
    }
    tried += 1;
    try {
      await session.write([event], { checkpoints: [], attempt, signal });
      breaker?.answered();
    } catch (error) {
      const one = isBatchError(error) ? (error.failures.get(0) ?? error) : error;
      if (signal.aborted || (isComponentError(one) && one.retry !== 'never')) throw one;
      hopeless.push({ event, cause: one });
      failed += 1;
      if (key !== undefined) gone.add(key);
    }
  }
  // Where nothing at all can be written and nobody says that it is the data, the sink is what is broken.
  const unknown = hopeless.every((one) => !isComponentError(one.cause) || one.cause.code === 'EVENT_PARKED');
  if (unknown && tried > 1 && failed === tried) throw cause;
  if (hopeless.length > 0) await bury(hopeless, ({ event }) => notes.of(event) + attempt + 1);
  await notes.forget(events);
}

function unnamed(cause: unknown, events: Events): ComponentError {
  return new ComponentError('PIPELINE_EVENT_FAILED', 'an atomic sink refused a batch without naming the event', {
    cause,
    details: { events: events.length },
  });
}
