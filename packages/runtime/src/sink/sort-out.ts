import type { ComponentError, Envelope } from '@sluice/contracts';
import { parkedCause } from '../dead-letters/followers.js';
import type { Failure } from '../delivery/delivery.js';
import type { Events, WriteSetting } from './durable-write.js';

/** How often the events were tried that are still to be tried again. */
export type Tries = Map<Envelope<unknown>, number>;

/**
 * Buries what is hopeless; answers with what must be written again, `tries` being those that failed.
 *
 * Where keys are parked, the later events of a hopeless one's key go with it, written or not; and one that is hopeless while an
 * earlier event of its key is still tried waits for that.
 */
export async function sortOut(
  failures: ReadonlyMap<number, ComponentError>,
  events: Events,
  tries: Tries,
  setting: WriteSetting,
): Promise<Events> {
  const { delivery, parks, policy, notes } = setting;
  const hopeless: Failure[] = [];
  const attempts = new Map<Envelope<unknown>, number>();
  const again: Envelope<unknown>[] = [];
  const failed = new Set<Envelope<unknown>>();
  const retried = new Set<string | undefined>();
  const gone = new Set<string | undefined>();
  for (const [index, event] of events.entries()) {
    const cause = failures.get(index);
    if (cause?.retry === 'operator') throw cause;
    // Read only where it decides something.
    const key = cause !== undefined || gone.size > 0 || retried.size > 0 ? event.key : undefined;
    if (cause !== undefined) {
      const tried = (tries.get(event) ?? notes.of(event)) + 1;
      const isHopeless = cause.retry === 'never' || tried >= policy.maxAttempts;
      if (gone.has(key) || (isHopeless && !(parks && retried.has(key)))) {
        tries.delete(event);
        attempts.set(event, tried);
        hopeless.push({ event, cause });
        if (parks && key !== undefined) gone.add(key);
        continue;
      }
      tries.set(event, tried);
      failed.add(event);
      if (key !== undefined) retried.add(key);
      again.push(event);
    } else if (key !== undefined && gone.has(key)) hopeless.push({ event, cause: parkedCause() });
    else if (delivery === 'atomic' || (delivery === 'plain' && key !== undefined && retried.has(key)))
      again.push(event);
  }
  if (hopeless.length > 0) {
    await setting.bury(hopeless, ({ event }) => attempts.get(event) ?? 0);
    await notes.forget(attempts.keys());
  }
  for (const event of tries.keys()) if (!failed.has(event)) tries.delete(event);
  if (tries.size > 0) await notes.note(tries);
  return again;
}

/** A sink that names no event of ours has told us nothing: the write failed as a whole. */
export function namesAny(failures: ReadonlyMap<number, ComponentError>, events: Events): boolean {
  return [...failures.keys()].some((index) => index in events);
}
