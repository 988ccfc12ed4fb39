import {
  type Checkpoint,
  ComponentError,
  comparePositions,
  type Lane,
  type LaneReader,
  type Position,
  type Source,
  type SourceContext,
  type SourceSession,
} from '@sluice/contracts';
import { fairShare } from './fair-share.js';
import { gate } from './gate.js';
import { HeldLease } from './held-lease.js';
import type { LeaseDesk } from './lease-desk.js';
import { type LeasedLane, leasedLane } from './leased-lane.js';
import type { Membership } from './membership.js';
import { failureTold, type Sharing } from './sharing.js';

/** What a session over shared lanes is made of. */
export interface SharedParts<T> {
  readonly source: Source<T>;
  readonly desk: LeaseDesk;
  readonly membership: Membership;
  readonly sharing: Sharing;
  readonly ctx: SourceContext;
}

interface Read<T> {
  readonly reader: LaneReader<T>;
  /** The session that it is read through, when that is its own. */
  readonly own: SourceSession<T> | undefined;
}

interface Holding<T> {
  readonly held: HeldLease;
  readonly lane: LeasedLane<T>;
  /** The session that it is read through, when that is its own. */
  readonly own: SourceSession<T> | undefined;
  /** Resolves when its lease was given back. */
  left: Promise<void>;
  leaving: boolean;
}

/** Opens a source whose lanes are shared out; which ones there are is learned from a session that reads none of them. */
export async function openShared<T>(parts: SharedParts<T>): Promise<SourceSession<T>> {
  const { source, ctx } = parts;
  const given = new Map(ctx.checkpoints);
  const map = await source.open(ctx);
  return new SharedSession(parts, map, given);
}

/**
 * The lanes that this instance holds. In rounds it looks at who takes part and who holds what, gives back lanes above its share
 * and takes free ones below it. A lane that has ended stays out of the count: each instance gets to see that for itself.
 */
class SharedSession<T> implements SourceSession<T> {
  readonly identity: string;
  readonly identityOf?: (lane: Lane) => string;
  readonly bytesBetween?: NonNullable<SourceSession<T>['bytesBetween']>;
  /** Lanes that the source has, with the reader of the first session as long as nobody has used it. */
  readonly #known = new Map<Lane, LaneReader<T> | undefined>();
  readonly #ended = new Set<Lane>();
  readonly #holdings = new Map<Lane, Holding<T>>();
  readonly #announced: Holding<T>[] = [];
  readonly #closed = new AbortController();
  readonly #told: (error: unknown) => void;
  #failure: { readonly error: unknown } | undefined;
  #allKnown = false;
  #news = gate();
  readonly #shared = gate();
  #callOffRound: () => void = () => {};
  #round: Promise<void> | undefined;
  #again = false;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly parts: SharedParts<T>,
    private readonly map: SourceSession<T>,
    private readonly given: ReadonlyMap<Lane, Checkpoint | null>,
  ) {
    this.identity = map.identity;
    if (map.identityOf) this.identityOf = (lane) => map.identityOf?.(lane) ?? map.identity;
    if (map.bytesBetween) this.bytesBetween = (lane, from, to) => map.bytesBetween?.(lane, from, to);
    this.#told = failureTold(parts.sharing, parts.ctx);
    this.#learn().catch((error: unknown) => this.#fail(error));
    this.#look();
  }

  async *lanes(): AsyncGenerator<LaneReader<T>> {
    for (;;) {
      if (this.#closing) return;
      if (this.#failure) throw this.#failure.error;
      const next = this.#announced.shift();
      // Lost before anyone began to read it: taking it up would shut out whoever has it now.
      if (next && !next.held.live) next.lane.close();
      else if (next) yield next.lane.reader;
      else if (this.#allKnown && this.#ended.size === this.#known.size) return;
      else await this.#news.promise;
    }
  }

  /** Of the lanes that are ours, once our share was looked for. */
  async head(): Promise<ReadonlyMap<Lane, Position>> {
    await this.#shared.promise;
    const head = await this.map.head();
    return new Map([...head].filter(([lane]) => this.#holdings.has(lane)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #learn(): Promise<void> {
    for await (const reader of this.map.lanes()) {
      if (this.#closing) return;
      const { lane, after } = reader;
      if (after && after.length > 0) {
        throw new ComponentError('LEASE_LANES_DEPEND', `lane ${lane} waits for ${after.join(', ')}`, {
          details: { lane, after },
        });
      }
      if (!this.#known.has(lane)) this.#known.set(lane, reader);
      this.#look();
    }
    this.#allKnown = true;
    this.#tell();
    this.#look();
  }

  /** A round as soon as may be; at most one is under way. */
  #look(): void {
    this.#callOffRound();
    if (this.#closing || this.#failure) return;
    if (this.#round) {
      this.#again = true;
      return;
    }
    this.#again = false;
    const lanesKnown = this.#allKnown || this.#known.size > 0;
    this.#round = this.#shareOut()
      .then(() => {
        if (lanesKnown) this.#shared.keep();
      })
      .catch((error: unknown) => this.#missed(error))
      .then(() => {
        this.#round = undefined;
        if (this.#again) this.#look();
        else if (!this.#closing && !this.#failure)
          this.#callOffRound = this.parts.sharing.clock.after(this.parts.sharing.pollMs, () => this.#look());
      });
  }

  async #shareOut(): Promise<void> {
    const { membership, sharing } = this.parts;
    const { members, lanes } = await membership.look();
    const counted = [...this.#known.keys()].filter((lane) => !this.#ended.has(lane));
    const held = new Map<string, number>();
    for (const lane of counted) {
      const by = lanes.get(lane);
      if (by !== undefined) held.set(by, (held.get(by) ?? 0) + 1);
    }
    const due = fairShare(sharing.owner, { members, held, lanes: counted.length });
    const staying = [...this.#holdings.values()].filter(({ leaving }) => !leaving);
    for (const holding of staying.slice(due)) {
      holding.leaving = true;
      holding.lane.revoke(sharing.graceMs);
    }
    let missing = due - this.#holdings.size;
    // In an order of its own, so that instances do not all ask for the same lane first.
    for (const lane of shuffled(counted)) {
      if (missing <= 0 || this.#closing) return;
      if (lanes.has(lane) || this.#holdings.has(lane)) continue;
      if (await this.#take(lane)) missing -= 1;
    }
  }

  async #take(lane: Lane): Promise<boolean> {
    const { desk, sharing, source, ctx } = this.parts;
    const held = await desk.acquire(`${sharing.prefix}lanes/${lane}`, sharing.owner, this.#told);
    if (!(held instanceof HeldLease)) return false;
    let read: Read<T> | undefined;
    try {
      // Only now does the checkpoint stand still.
      await ctx.refresh?.();
      read = await this.#readerOf(lane);
    } catch (error) {
      await desk.release(held);
      throw error;
    }
    if (read === undefined || !held.live || this.#closing) {
      await read?.own?.[Symbol.asyncDispose]();
      await desk.release(held);
      return false;
    }
    const leased = leasedLane(read.reader, held, source.features.ack);
    const holding: Holding<T> = { held, lane: leased, own: read.own, left: Promise.resolve(), leaving: false };
    this.#holdings.set(lane, holding);
    holding.left = leased.gone.then((how) => this.#leave(lane, holding, how));
    this.#announced.push(holding);
    this.#tell();
    return true;
  }

  /**
   * A reader that starts where the lane's checkpoint is now: that of the first session, when nothing has moved since, or else one of a
   * session of its own. Undefined when the source no longer has the lane.
   */
  async #readerOf(lane: Lane): Promise<Read<T> | undefined> {
    const { source, ctx } = this.parts;
    const first = this.#known.get(lane);
    this.#known.set(lane, undefined);
    if (first && samePlace(this.given.get(lane), ctx.checkpoints.get(lane))) return { reader: first, own: undefined };
    const own = await source.open({ ...ctx, signal: AbortSignal.any([ctx.signal, this.#closed.signal]) });
    for await (const reader of own.lanes()) if (reader.lane === lane) return { reader, own };
    await own[Symbol.asyncDispose]();
    return undefined;
  }

  async #leave(lane: Lane, holding: Holding<T>, how: 'given back' | 'ended'): Promise<void> {
    if (how === 'ended') this.#ended.add(lane);
    try {
      await holding.own?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#told(error);
    }
    await this.parts.desk.release(holding.held);
    if (this.#holdings.get(lane) === holding) this.#holdings.delete(lane);
    this.#tell();
    this.#look();
  }

  /** A round has failed. Lanes that are held are read on while their leases last; without any, there is nothing to keep open. */
  #missed(error: unknown): void {
    if (this.#holdings.size > 0) this.#told(error);
    else this.#fail(error); // the pipeline opens the source anew, with pauses that grow, and its health says why
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#tell();
  }

  #tell(): void {
    this.#news.keep();
    this.#news = gate();
  }

  async #close(): Promise<void> {
    this.#callOffRound();
    this.#closed.abort();
    this.#shared.keep();
    this.#tell();
    await this.#round;
    const leaving = [...this.#holdings.values()].map((holding) => {
      holding.lane.close();
      return holding.left;
    });
    await Promise.all([this.map[Symbol.asyncDispose](), ...leaving]);
    await this.parts.membership.leave();
  }
}

function samePlace(a: Checkpoint | null | undefined, b: Checkpoint | null | undefined): boolean {
  if (!a || !b) return !a && !b;
  return a.identity === b.identity && comparePositions(a.position, b.position) === 0;
}

function shuffled<T>(all: readonly T[]): T[] {
  const order = [...all];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [order[at], order[other]] = [order[other] as T, order[at] as T];
  }
  return order;
}
