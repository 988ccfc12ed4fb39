import {
  type Checkpoint,
  ComponentError,
  type Lane,
  type LaneReader,
  type Position,
  type SinkFeatures,
  type SourceFeatures,
  type SourceSession,
} from '@sluice/contracts';
import { Backlog, type RouteBuffer } from './backlog.js';
import { leastOf, positionsAfter, type Start } from './least-checkpoints.js';
import type { Recipient } from './missing-part.js';
import { sessionEnded } from './session-ended.js';
import { TeeLane } from './tee-lane.js';

/** How long a lane without a checkpoint waits for the lane that explains it, in milliseconds. */
const EXPLANATION_MS = 5_000;

/** A branch while it takes part in a session. */
export interface Member {
  readonly branch: string;
  readonly delivery: SinkFeatures['delivery'];
  /** Where it stands; the branch keeps the lanes that were taken away from it up to date. */
  readonly checkpoints: ReadonlyMap<Lane, Checkpoint | null>;
}

/** What a shared session is made of. */
export interface TeeSessionParts {
  readonly session: SourceSession<unknown>;
  readonly features: SourceFeatures;
  readonly members: readonly Member[];
  /** What the source was given; kept up to date for lanes that come back. */
  readonly start: Start;
  readonly buffer: Required<RouteBuffer>;
  /** The last branch has closed its part, and the source is closed. */
  readonly over: () => void;
}

/**
 * One opening of a source, shared by the branches of a routed pipeline: each of them sees a session of its own.
 *
 * A branch that closes its part is away: nothing is read any more, while the others settle what they have. They are told that
 * the session has ended when that branch wants to begin anew. The source is closed when all branches have closed their part.
 */
export class TeeSession {
  readonly #present: Set<Member>;
  readonly #lanes: TeeLane[] = [];
  readonly #announced = new Map<Member, LaneReader<unknown>[]>();
  readonly #opening: ReadonlyMap<Member, ReadonlyMap<Lane, Checkpoint | null>>;
  readonly #backlog: Backlog;
  readonly #extending: NodeJS.Timeout | undefined;
  readonly #source: AsyncIterator<LaneReader<unknown>>;
  #asking = new Map<Member, () => void>();
  #asked = false;
  #allAnnounced = false;
  #failure: { readonly error: unknown; readonly branch: string | undefined } | undefined;
  #watchers: (() => void)[] = [];

  constructor(private readonly parts: TeeSessionParts) {
    const { session, members, buffer, features } = parts;
    this.#present = new Set(members);
    for (const member of members) this.#announced.set(member, []);
    this.#opening = new Map(members.map((member) => [member, new Map(member.checkpoints)]));
    this.#source = session.lanes()[Symbol.asyncIterator]();
    this.#backlog = new Backlog(buffer, () => this.#wake());
    const { visibilityTimeoutMs } = features;
    if (features.ack === 'individual' && visibilityTimeoutMs !== undefined) {
      this.#extending = setInterval(() => this.#extend(visibilityTimeoutMs), visibilityTimeoutMs / 2);
    }
  }

  /** The session as one branch sees it. */
  view(member: Member): SourceSession<unknown> {
    const { session } = this.parts;
    return {
      identity: session.identity,
      ...(session.identityOf ? { identityOf: (lane: Lane) => session.identityOf?.(lane) ?? session.identity } : {}),
      ...(session.bytesBetween
        ? { bytesBetween: (lane: Lane, from: Position, to: Position) => session.bytesBetween?.(lane, from, to) }
        : {}),
      lanes: () => this.#lanesOf(member),
      head: () => session.head(),
      [Symbol.asyncDispose]: () => this.#leave(member),
    };
  }

  /** Nobody is given anything more: `branch` hears of `error`, the others that the session has ended. */
  fail(error: unknown, branch: string | undefined): void {
    this.#failure ??= { error, branch };
    this.#wake();
  }

  async *#lanesOf(member: Member): AsyncGenerator<LaneReader<unknown>> {
    const announced = this.#announced.get(member) ?? [];
    while (this.#present.has(member)) {
      const failure = this.#failureFor(member.branch);
      if (failure !== undefined) throw failure;
      const lane = announced.shift();
      if (lane !== undefined) yield lane;
      else if (this.#allAnnounced) return;
      else await this.#ask(member);
    }
  }

  /** The next lane is asked for when all branches have taken up the one before. */
  #ask(member: Member): Promise<void> {
    return new Promise((resolve) => {
      this.#asking.set(member, resolve);
      if (this.#asked || this.#paused || this.#asking.size < this.parts.members.length) return;
      this.#asked = true;
      void this.#announce(member);
    });
  }

  async #announce(asker: Member): Promise<void> {
    try {
      const next = await this.#source.next();
      if (next.done) this.#allAnnounced = true;
      else this.#share(next.value);
    } catch (error) {
      this.fail(error, asker.branch);
    } finally {
      this.#asked = false;
      this.#wake();
    }
  }

  #share(reader: LaneReader<unknown>): void {
    const { members, start } = this.parts;
    const { lane } = reader;
    const recipients = members.map(({ branch, delivery, checkpoints }) => {
      return { branch, delivery, stored: checkpoints.get(lane)?.position };
    });
    const shared = new TeeLane(reader, recipients, start.checkpoints.get(lane)?.position, {
      backlog: this.#backlog,
      paused: () => this.#paused,
      failureFor: (branch) => this.#failureFor(branch),
      failed: (error, branch) => this.fail(error, branch),
      ready: (recipient) => this.#explained(lane, recipient),
      precedes: () => this.parts.features.ack === 'cumulative' && (!this.#allAnnounced || this.#after(lane).length > 0),
      handedBack: () => this.#handedBack(shared),
    });
    this.#lanes.push(shared);
    for (const [at, member] of members.entries()) {
      const feed = shared.feeds[at];
      if (feed && this.#present.has(member)) this.#announced.get(member)?.push(feed);
      else feed?.close();
    }
  }

  /**
   * A branch may lack a lane that the others have a position in when it has ended it, and stands in a lane that comes after.
   * Else its checkpoint was lost, and what lies before the others would be missing in silence.
   */
  async #explained(lane: Lane, { branch }: Recipient): Promise<void> {
    const member = this.parts.members.find((one) => one.branch === branch);
    const opening = member && this.#opening.get(member);
    const start = this.parts.start.checkpoints.get(lane);
    if (!opening || !start || opening.get(lane) || member.checkpoints.get(lane)) return;
    const explained = () => this.#after(lane).some((later) => opening.get(later));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, EXPLANATION_MS);
    while (!explained() && !this.#allAnnounced && !this.#failure && !late) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    clearTimeout(timer);
    if (explained() || this.#failure) return;
    throw new ComponentError('ROUTE_CHECKPOINT_MISSING', `branch ${branch} has no checkpoint of lane ${lane}`, {
      details: { branch, lane, others: start.position.resume },
    });
  }

  /** The lanes that come after `lane`. */
  #after(lane: Lane): Lane[] {
    return this.#lanes.flatMap(({ reader }) => (reader.after?.includes(lane) ? [reader.lane] : []));
  }

  #handedBack(lane: TeeLane): void {
    const { start, members } = this.parts;
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    const stored = members.map(({ checkpoints }) => checkpoints);
    const name = lane.reader.lane;
    const least = leastOf(name, stored);
    start.checkpoints.set(name, least);
    start.cuts.set(name, positionsAfter(least, name, stored));
  }

  get #paused(): boolean {
    return this.#failure !== undefined || this.#present.size < this.parts.members.length;
  }

  #failureFor(branch: string): unknown {
    if (this.#failure === undefined) return undefined;
    return this.#failure.branch === branch ? this.#failure.error : sessionEnded();
  }

  #extend(forMs: number): void {
    for (const token of this.#backlog.tokens()) {
      token.extend(forMs).catch(() => 'it comes again, as any that took too long');
    }
  }

  #wake(): void {
    for (const wake of this.#asking.values()) wake();
    this.#asking = new Map();
    for (const look of this.#watchers.splice(0)) look();
    for (const lane of this.#lanes) lane.wake();
  }

  async #leave(member: Member): Promise<void> {
    if (!this.#present.delete(member)) return;
    for (const { feeds } of [...this.#lanes]) {
      for (const feed of feeds) if (feed.recipient.branch === member.branch) feed.close();
    }
    this.#wake();
    if (this.#present.size > 0) return;
    clearInterval(this.#extending);
    try {
      await this.parts.session[Symbol.asyncDispose]();
    } finally {
      this.parts.over();
    }
  }
}
