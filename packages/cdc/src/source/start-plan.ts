import { type Checkpoint, ComponentError, type Lane, type Position } from '@sluice/contracts';
import { streamPosition } from '../replication/stream-lane.js';

/** What is known when a session opens. */
export interface StartFacts {
  readonly checkpoints: ReadonlyMap<Lane, Checkpoint | null>;
  readonly streamLane: Lane;
  readonly slotName: string;
  /** Where the slot stands; undefined when there is none. */
  readonly slotConfirmed: number | undefined;
  /** The server process of whoever reads the slot now. */
  readonly slotReader?: number | undefined;
  readonly mayCreate: boolean;
  readonly temporary: boolean;
  readonly wantsSnapshot: boolean;
}

/** How a session begins. */
export type StartPlan =
  /** From a checkpoint, or from where the slot stands. `snapshot`: a new one first; what the stream repeats of it is marked, and converges. */
  | { readonly kind: 'existing'; readonly position: Position; readonly snapshot: boolean }
  /** With a new slot. */
  | { readonly kind: 'create'; readonly snapshot: boolean };

/**
 * Decides from the checkpoints and the slot how to begin; never by silently starting where something was lost.
 *
 * - The stream has a position: from there, and the slot must exist. It got its first one when the snapshot had settled.
 * - It was announced and never had a position: an earlier first start died. A slot it made is kept; the snapshot is taken again.
 * - It was never announced: a new pipeline, or lost checkpoints. A slot that exists then is refused, unless `create: false`
 *   says that it was made for us.
 * - A temporary slot is new each time.
 *
 * @throws ComponentError `CDC_SLOT_MISSING`, `CDC_CHECKPOINT_MISSING`
 */
export function planStart(facts: StartFacts): StartPlan {
  const { checkpoints, streamLane, slotConfirmed, mayCreate, wantsSnapshot } = facts;
  if (facts.temporary) return { kind: 'create', snapshot: wantsSnapshot };
  const checkpoint = checkpoints.get(streamLane);
  if (checkpoint) {
    if (slotConfirmed === undefined) throw slotMissing(facts.slotName);
    return { kind: 'existing', position: checkpoint.position, snapshot: false };
  }
  if (slotConfirmed === undefined) {
    if (!mayCreate) throw slotMissing(facts.slotName);
    return { kind: 'create', snapshot: wantsSnapshot };
  }
  if (checkpoint === undefined && mayCreate) throw checkpointMissing(facts);
  return { kind: 'existing', position: streamPosition(slotConfirmed), snapshot: wantsSnapshot };
}

function slotMissing(slot: string): ComponentError {
  return new ComponentError('CDC_SLOT_MISSING', `there is no slot ${slot}`, { details: { slot } });
}

function checkpointMissing({ slotName, slotReader }: StartFacts): ComponentError {
  const read = slotReader === undefined ? '' : `, and somebody reads it now (server process ${slotReader})`;
  return new ComponentError('CDC_CHECKPOINT_MISSING', `slot ${slotName} exists without checkpoints of ours${read}`, {
    details: { slot: slotName, reader: slotReader ?? null },
  });
}
