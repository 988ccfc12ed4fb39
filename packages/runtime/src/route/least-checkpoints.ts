import { type Checkpoint, ComponentError, comparePositions, type Lane, type Position } from '@sluice/contracts';

/** Where the branches of a routed pipeline stand, by branch and lane. */
export type BranchCheckpoints = readonly ReadonlyMap<Lane, Checkpoint | null>[];

/** Where the shared source starts, and where its frames must end so that no branch is given an event twice. */
export interface Start {
  readonly checkpoints: Map<Lane, Checkpoint | null>;
  readonly cuts: Map<Lane, readonly Position[]>;
}

/**
 * The least of what the branches have stored, lane by lane, with the places where the others stand as cuts.
 *
 * A branch that has no checkpoint at all is new, or lost them: then every lane counts as one that was never announced. A
 * branch that lacks a single lane has ended it: the lane starts where the others stand.
 *
 * @throws ComponentError `CHECKPOINT_IDENTITY` when two branches stand in different histories of one lane.
 */
export function leastCheckpoints(branches: BranchCheckpoints): Start {
  const checkpoints = new Map<Lane, Checkpoint | null>();
  const cuts = new Map<Lane, readonly Position[]>();
  const someIsNew = branches.some((stored) => stored.size === 0);
  for (const lane of new Set(branches.flatMap((stored) => [...stored.keys()]))) {
    const least = leastOf(lane, branches);
    if (!someIsNew) checkpoints.set(lane, least);
    const ahead = positionsAfter(someIsNew ? null : least, lane, branches);
    if (ahead.length > 0) cuts.set(lane, ahead);
  }
  return { checkpoints, cuts };
}

/** The least checkpoint of one lane; null when a branch has announced it and has no position in it. */
export function leastOf(lane: Lane, branches: BranchCheckpoints): Checkpoint | null {
  let least: Checkpoint | null | undefined;
  for (const stored of branches) {
    const one = stored.get(lane);
    if (one === undefined) continue;
    if (one && least && one.identity !== least.identity) throw differ(lane, one, least);
    if (least === undefined || one === null || (least && comparePositions(one.position, least.position) < 0)) {
      least = one;
    }
    if (one === null) break;
  }
  return least ?? null;
}

/** The different positions of the branches in a lane that lie after `least`, ascending. */
export function positionsAfter(least: Checkpoint | null, lane: Lane, branches: BranchCheckpoints): Position[] {
  const positions = branches.flatMap((stored) => stored.get(lane)?.position ?? []).sort(comparePositions);
  return positions.filter((position, at) => {
    const before = positions[at - 1];
    if (before && comparePositions(before, position) === 0) return false;
    return least === null || comparePositions(position, least.position) > 0;
  });
}

function differ(lane: Lane, one: Checkpoint, other: Checkpoint): ComponentError {
  return new ComponentError('CHECKPOINT_IDENTITY', `the branches stand in different histories of lane ${lane}`, {
    details: { lane, checkpoint: one.identity, other: other.identity },
  });
}
