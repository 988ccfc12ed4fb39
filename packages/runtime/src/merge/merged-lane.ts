import type { Frame, Lane, LaneReader, Position, Revocation } from '@sluice/contracts';
import { mergedLane } from './part-of.js';

/** A lane of a part, under its name in the merged source. */
export class MergedLane implements LaneReader<unknown> {
  readonly lane: Lane;
  readonly generation: bigint;
  readonly revoked: Promise<Revocation>;

  constructor(
    private readonly part: string,
    private readonly reader: LaneReader<unknown>,
  ) {
    this.lane = mergedLane(part, reader.lane);
    this.generation = reader.generation;
    this.revoked = reader.revoked;
  }

  // An optional property may be missing, and a getter may not: the interface knows no other undefined.
  get confirmed(): Position {
    return this.reader.confirmed as Position;
  }

  get start(): Position {
    return this.reader.start as Position;
  }

  get after(): readonly Lane[] {
    return (this.reader.after ?? []).map((lane) => mergedLane(this.part, lane));
  }

  frames(): AsyncIterable<Frame<unknown>> {
    return this.reader.frames();
  }

  confirm(upTo: Position): Promise<void> {
    return this.reader.confirm(upTo);
  }
}
