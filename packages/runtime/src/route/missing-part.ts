import {
  type BatchFrame,
  ComponentError,
  comparePositions,
  type Frame,
  type Position,
  type SinkFeatures,
} from '@sluice/contracts';

/** The branch that a frame is meant for, in one lane. */
export interface Recipient {
  readonly branch: string;
  readonly delivery: SinkFeatures['delivery'];
  /** Where it stood when the lane was opened; undefined for a branch that starts with the lane. */
  readonly stored: Position | undefined;
}

/**
 * What a branch lacks of a frame that begins at `before`: all of it, the events after its checkpoint, or nothing.
 *
 * A source that heeds the cuts never ends a frame on both sides of a checkpoint. Of one that does, the events within the
 * same `resume` can be counted off; else a plain or idempotent sink is given them again.
 *
 * @throws ComponentError `ROUTE_FRAME_STRADDLES` for an atomic sink, which would apply them twice.
 */
export function missingPart(
  frame: Frame<unknown>,
  before: Position | undefined,
  { branch, delivery, stored }: Recipient,
): Frame<unknown> | undefined {
  if (stored === undefined || (before && comparePositions(before, stored) >= 0)) return frame;
  if (comparePositions(frame.position, stored) <= 0) return undefined;
  if (frame.kind === 'progress') return frame;
  const done = before?.resume === stored.resume ? stored.within - before.within : 0;
  if (done > 0 && done < frame.events.length) return withoutFirst(frame, done);
  if (delivery !== 'atomic') return frame;
  throw new ComponentError(
    'ROUTE_FRAME_STRADDLES',
    `a frame begins before the checkpoint of ${branch} and ends after it`,
    {
      details: { branch, checkpoint: stored.resume, within: stored.within, frame: frame.position.resume },
    },
  );
}

function withoutFirst(frame: BatchFrame<unknown>, count: number): BatchFrame<unknown> {
  const { commits, tokens } = frame;
  return {
    ...frame,
    events: frame.events.slice(count),
    bytes: Math.ceil((frame.bytes * (frame.events.length - count)) / frame.events.length),
    ...(commits ? { commits: commits.flatMap((index) => (index < count ? [] : index - count)) } : {}),
    ...(tokens ? { tokens: tokens.slice(count) } : {}),
  };
}
