import { type CheckpointStore, comparePositions } from '@sluice/contracts';
import type { SinkWrite } from './sink-writer.js';

/**
 * Whether an atomic write that failed has happened all the same: the answer to a commit may be lost after the commit. Its
 * checkpoints tell, for they are stored in the same transaction, and under a fence that nobody else has.
 *
 * Rejects when the store can't be asked: then nothing may be written again.
 */
export async function storedAfterAll({ checkpoints }: SinkWrite, store: CheckpointStore | undefined): Promise<boolean> {
  const [first] = checkpoints;
  if (first === undefined || store === undefined) return false;
  const stored = await store.load(first.pipeline);
  return checkpoints.every(({ sink, lane, fence, checkpoint }) =>
    stored.some(
      (one) =>
        one.sink === sink &&
        one.lane === lane &&
        one.fence === fence &&
        one.checkpoint !== null &&
        checkpoint !== null &&
        comparePositions(one.checkpoint.position, checkpoint.position) === 0,
    ),
  );
}
