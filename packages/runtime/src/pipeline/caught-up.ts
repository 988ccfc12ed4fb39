import { comparePositions, type Lane, type Position } from '@sluice/contracts';
import { within } from '../retry/within.js';
import type { Generation } from './generation.js';

/** How long a source that acks singly has to be without an event to count as read to its end, in milliseconds. */
const QUIET_MS = 50;

/** The source's head; undefined when it can't say, or not before the deadline or the end of this opening. */
export async function headOf(
  generation: Generation,
  deadline: number,
): Promise<ReadonlyMap<Lane, Position> | undefined> {
  const over = generation.finished.then(() => undefined);
  try {
    return await within(Promise.race([generation.head(), over]), deadline - performance.now());
  } catch {
    // Asked again after the next opening; until then there is nothing to compare with.
    return undefined;
  }
}

/**
 * Whether everything that was there at `called`, up to `head`, is settled. Where events are acked singly there is no position
 * to compare: a queue that has had nothing for a while since then counts as read to its end.
 */
export function hasReached(
  generation: Generation,
  head: ReadonlyMap<Lane, Position>,
  ack: 'cumulative' | 'individual',
  called: number,
): boolean {
  if (ack === 'individual') return generation.quietMs(called) >= QUIET_MS;
  for (const [lane, position] of head) {
    if (generation.isOver(lane)) continue;
    const reached = generation.lane(lane)?.reached;
    if (reached === undefined || comparePositions(reached, position) < 0) return false;
  }
  return true;
}
