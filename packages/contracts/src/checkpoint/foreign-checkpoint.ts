import { ComponentError } from '../failure/component-error.js';
import type { Lane } from '../position/lane.js';
import type { Checkpoint } from './checkpoint.js';

/**
 * Refuses checkpoints of another history (cluster, timeline, slot) than `identity`. The runtime does so for every source once
 * it is open; a source that would make or miss something on the wrong server does so before.
 *
 * @throws ComponentError `CHECKPOINT_IDENTITY`
 */
export function refuseForeignCheckpoints(checkpoints: ReadonlyMap<Lane, Checkpoint | null>, identity: string): void {
  for (const [lane, checkpoint] of checkpoints) {
    if (checkpoint === null || checkpoint.identity === identity) continue;
    throw new ComponentError('CHECKPOINT_IDENTITY', `the checkpoint of lane ${lane} is one of ${checkpoint.identity}`, {
      details: { lane, checkpoint: checkpoint.identity, source: identity },
    });
  }
}
