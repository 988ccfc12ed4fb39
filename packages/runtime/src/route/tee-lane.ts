import { comparePositions, type Frame, type LaneReader, type Position } from '@sluice/contracts';
import type { Backlog, HeldFrame } from './backlog.js';
import { type FeedOwner, LaneFeed } from './lane-feed.js';
import { missingPart, type Recipient } from './missing-part.js';
import { giveBack, shareToken } from './shared-token.js';

/** After how long a branch is told of a lane's end that may need it, to let go of what it holds, in milliseconds. */
const END_MS = 5_000;

/** What a shared lane needs of its session. */
export interface TeeLaneSetting {
  readonly backlog: Backlog;
  /** Whether a branch is away: then nothing is read. */
  readonly paused: () => boolean;
  /** What the branch is to hear in place of frames, once the session has failed. */
  readonly failureFor: (branch: string) => unknown;
  /** The session can't go on; `branch` is told why. */
  readonly failed: (error: unknown, branch: string) => void;
  /** Resolves when the lane may be read; rejects when the checkpoint of a branch is missing. */
  readonly ready: (recipient: Recipient) => Promise<void>;
  /** Whether another lane waits, or may yet wait, for the end of this one. */
  readonly precedes: () => boolean;
  /** Every branch has given the lane back. */
  readonly handedBack: () => void;
}

/**
 * One lane of a shared source, read once for all branches.
 *
 * - A frame is read when a branch asks and has none waiting, as long as the slowest is not too far behind.
 * - What is confirmed is the least of what the branches have confirmed, starting with their checkpoints.
 * - The end of a lane that another one comes after is told when all branches have confirmed it: so they drop its checkpoints
 *   together, and no crash finds one branch behind the lane's end and another before it.
 */
export class TeeLane implements FeedOwner {
  readonly feeds: readonly LaneFeed[];
  #frames: AsyncIterator<Frame<unknown>> | undefined;
  #pulling = false;
  /** Where the next frame begins. */
  #before: Position | undefined;
  #ended = false;
  #endTold = false;
  /** Branches that have not confirmed the end are told of it all the same. */
  #endOverdue = false;
  #endTimer: NodeJS.Timeout | undefined;
  #sent: Position | undefined;
  #confirming: Promise<void> = Promise.resolve();
  #giveBack: (() => void) | undefined;
  #wakers: (() => void)[] = [];

  constructor(
    readonly reader: LaneReader<unknown>,
    recipients: readonly Recipient[],
    start: Position | undefined,
    private readonly setting: TeeLaneSetting,
  ) {
    this.#before = start;
    this.feeds = recipients.map((recipient) => new LaneFeed(recipient, this));
    reader.revoked.then(
      ({ deadline, done }) => {
        this.#giveBack = done;
        for (const feed of this.feeds) feed.revoke(deadline);
        this.#lookForEnd();
      },
      () => 'it ends with its session',
    );
  }

  async next(feed: LaneFeed): Promise<IteratorResult<Frame<unknown>>> {
    for (;;) {
      if (feed.closed) return OVER;
      const failure = this.setting.failureFor(feed.recipient.branch);
      if (failure !== undefined) throw failure;
      const frame = feed.take();
      if (frame) return { done: false, value: frame };
      if (this.#endTold || (this.#endOverdue && !this.#hasReachedEnd(feed))) return OVER;
      if (this.#mayPull) void this.#pull(feed);
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }

  joined(): void {
    this.wake();
  }

  taken(held: HeldFrame): void {
    this.setting.backlog.taken(held);
  }

  done(): void {
    this.#lookForEnd();
    this.wake();
  }

  confirmed(): Promise<void> {
    this.#lookForEnd();
    const least = this.#leastReached();
    if (least === undefined || (this.#sent && comparePositions(least, this.#sent) <= 0)) return Promise.resolve();
    this.#sent = least;
    const call = this.#confirming.then(() => this.reader.confirm(least));
    // A failure is told to the branch that confirmed last.
    this.#confirming = call.catch(() => undefined);
    return call;
  }

  /** Lets every branch that waits look again. */
  wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }

  get #mayPull(): boolean {
    if (this.#pulling || this.#ended || this.setting.paused()) return false;
    if (!this.feeds.every((feed) => feed.reads || feed.closed)) return false;
    return this.setting.backlog.hasRoom || this.feeds.every((feed) => feed.waiting === 0);
  }

  async #pull(asker: LaneFeed): Promise<void> {
    this.#pulling = true;
    try {
      if (this.#frames === undefined) {
        for (const { recipient } of this.feeds) await this.setting.ready(recipient);
        this.#before ??= this.reader.start;
        this.#frames = this.reader.frames()[Symbol.asyncIterator]();
      }
      const next = await this.#frames.next();
      if (next.done) this.#end();
      else this.#give(next.value);
    } catch (error) {
      this.setting.failed(error, asker.recipient.branch);
    } finally {
      this.#pulling = false;
      this.wake();
    }
  }

  #give(frame: Frame<unknown>): void {
    if (this.feeds.some((feed) => feed.closed)) {
      // It was asked for before a branch went away, and is read again for all of them; single acks by some would lose it.
      giveBack(frame);
      return;
    }
    const parts = this.feeds.flatMap((feed) => {
      const part = missingPart(frame, this.#before, feed.recipient);
      return part ? [{ feed, part }] : [];
    });
    this.#before = frame.position;
    if (parts.length === 0) return;
    const tokens = frame.kind === 'batch' ? frame.tokens?.map((token) => shareToken(token, parts.length)) : undefined;
    const shared = (one: Frame<unknown>) => (tokens ? { ...one, tokens: tokens.map((share) => share()) } : one);
    const held = this.setting.backlog.hold(shared(frame), parts.length);
    for (const { feed, part } of parts) feed.give(shared(part), held);
  }

  #end(): void {
    this.#ended = true;
    this.#endTimer = setTimeout(() => {
      this.#endOverdue = !this.setting.paused();
      this.wake();
    }, END_MS);
    this.#lookForEnd();
  }

  /** Whether all that is waited for has happened: of a lane that has ended, and of one that was taken away. */
  #lookForEnd(): void {
    if (this.#ended && !this.#endTold) {
      if (!this.setting.precedes() || this.feeds.every((feed) => this.#hasReachedEnd(feed))) this.#tellEnd();
    }
    if (this.feeds.every((feed) => feed.closed)) clearTimeout(this.#endTimer);
    if (this.#giveBack === undefined || !this.feeds.every((feed) => feed.closed)) return;
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    void this.#confirming.then(() => {
      this.setting.handedBack();
      giveBack();
    });
  }

  /** Whether the branch has confirmed all that it was given. */
  #hasReachedEnd({ reached, given }: LaneFeed): boolean {
    return given === undefined || (reached !== undefined && comparePositions(reached, given) >= 0);
  }

  #tellEnd(): void {
    clearTimeout(this.#endTimer);
    this.#endTold = true;
    this.wake();
  }

  #leastReached(): Position | undefined {
    let least: Position | undefined;
    for (const { reached } of this.feeds) {
      if (reached === undefined) return undefined;
      if (least === undefined || comparePositions(reached, least) < 0) least = reached;
    }
    return least;
  }
}

const OVER = { done: true, value: undefined } as const;
