import type { Frame, Lane, LaneReader, Position, Revocation } from '@sluice/contracts';
import type { HeldFrame } from './backlog.js';
import type { Recipient } from './missing-part.js';
import { giveBack } from './shared-token.js';

/** What a feed asks of the lane that it is a part of. */
export interface FeedOwner {
  readonly reader: LaneReader<unknown>;
  next(feed: LaneFeed): Promise<IteratorResult<Frame<unknown>>>;
  joined(): void;
  confirmed(): Promise<void>;
  taken(held: HeldFrame): void;
  /** The feed takes no more frames. */
  done(): void;
}

/** A lane of a shared source as one branch sees it. */
export class LaneFeed implements LaneReader<unknown> {
  readonly lane: Lane;
  readonly generation: bigint;
  readonly revoked: Promise<Revocation>;
  /** What the branch is still to be given. */
  readonly #queue: { readonly frame: Frame<unknown>; readonly held: HeldFrame }[] = [];
  /** Whether the branch has taken the lane up: all branches have before any frame is read. */
  reads = false;
  /** Whether the branch takes no more frames. */
  closed = false;
  /** The end of what the branch was given. */
  given: Position | undefined;
  /** How far the branch has confirmed; its checkpoint at first. */
  reached: Position | undefined;
  #revoke: (revocation: Revocation) => void = () => {};

  constructor(
    readonly recipient: Recipient,
    private readonly owner: FeedOwner,
  ) {
    this.lane = owner.reader.lane;
    this.generation = owner.reader.generation;
    this.reached = recipient.stored;
    this.revoked = new Promise((resolve) => {
      this.#revoke = resolve;
    });
  }

  // An optional property may be missing, and a getter may not: the interface knows no other undefined.
  get confirmed(): Position {
    return this.owner.reader.confirmed as Position;
  }

  get start(): Position {
    return this.owner.reader.start as Position;
  }

  get after(): readonly Lane[] {
    return this.owner.reader.after ?? [];
  }

  /** Frames that wait for the branch. */
  get waiting(): number {
    return this.#queue.length;
  }

  frames(): AsyncIterable<Frame<unknown>> {
    this.reads = true;
    this.owner.joined();
    return { [Symbol.asyncIterator]: () => ({ next: () => this.owner.next(this) }) };
  }

  confirm(upTo: Position): Promise<void> {
    this.reached = upTo;
    return this.owner.confirmed();
  }

  give(frame: Frame<unknown>, held: HeldFrame): void {
    this.given = frame.position;
    this.#queue.push({ frame, held });
  }

  /** The next frame that waits. */
  take(): Frame<unknown> | undefined {
    const next = this.#queue.shift();
    if (next === undefined) return undefined;
    this.owner.taken(next.held);
    return next.frame;
  }

  /** The lane is taken away from the branch; it has been given back once the feed is closed. */
  revoke(deadline: number): void {
    this.#revoke({ deadline, done: () => this.close() });
  }

  /** Drops what waits: events with tokens are given back. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const { frame, held } of this.#queue.splice(0)) {
      this.owner.taken(held);
      giveBack(frame);
    }
    this.owner.done();
  }
}
