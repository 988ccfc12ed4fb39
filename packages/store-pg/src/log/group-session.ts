import {
  type ComponentError,
  type Lane,
  type LaneReader,
  type Position,
  paddedPosition,
  refuseForeignCheckpoints,
  type SourceContext,
  type SourceSession,
} from '@sluice/contracts';
import { fromPostgres } from '../failure/postgres-errors.js';
import { gate } from './gate.js';
import { dueTo, type GroupMember } from './group-members.js';
import type { HeldPartition } from './held-partition.js';
import { type LogDatabase, type LogUse, rowsOf } from './log-database.js';
import { checkReadable, extents, laneOf, type Partition, pageReader } from './page.js';
import { offsetAt, PartitionLane } from './partition-lane.js';
import type { Sleeper } from './wake-ups.js';

/** What a member's session is made of. */
export interface GroupParts {
  readonly database: LogDatabase;
  readonly use: LogUse;
  readonly member: GroupMember;
  readonly group: string;
  readonly partitions: readonly Partition[];
  readonly ctx: SourceContext;
  readonly pageEvents: number;
  readonly memberTtlMs: number;
  readonly graceMs: number;
  /** Puts the session among those that are woken. */
  readonly join: (sleeper: Sleeper) => () => Promise<void>;
}

interface Holding {
  readonly held: HeldPartition;
  readonly lane: PartitionLane;
  /** Resolves when its lease was given back. */
  left: Promise<void>;
  leaving: boolean;
}

/**
 * The partitions that this member of a group reads. In rounds, several within the term of a lease and at once when a
 * member comes or goes, it renews what it holds, gives back partitions above its share and takes free ones below it.
 */
export class GroupSession implements SourceSession<Uint8Array>, Sleeper {
  readonly identity: string;
  readonly #partitions: ReadonlyMap<Lane, Partition>;
  readonly #holdings = new Map<Lane, Holding>();
  readonly #announced: Holding[] = [];
  readonly #shared = gate();
  readonly #leaveWakeUps: () => Promise<void>;
  #news = gate();
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #round: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #troubles: { round?: ComponentError | undefined; wakeUps?: ComponentError | undefined } = {};

  constructor(private readonly parts: GroupParts) {
    this.identity = parts.use.identity;
    this.#partitions = new Map(parts.partitions.map((partition) => [laneOf(partition), partition]));
    this.#leaveWakeUps = parts.join(this);
    this.#look();
  }

  async *lanes(): AsyncGenerator<LaneReader<Uint8Array>> {
    for (;;) {
      if (this.#closing) return;
      if (this.#failure) throw this.#failure.error;
      const next = this.#announced.shift();
      // Lost before anyone began to read it: taking it up would shut out whoever has it now.
      if (next && !next.held.live) next.lane.close();
      else if (next) yield next.lane.reader;
      else await this.#news.promise;
    }
  }

  /** Of the partitions that are ours, once our share was looked for. */
  async head(): Promise<ReadonlyMap<Lane, Position>> {
    await this.#shared.promise;
    const ours = [...this.#partitions].filter(([lane]) => this.#holdings.has(lane));
    const { use, database } = this.parts;
    const ends = await extents(
      use.pool,
      database,
      ours.map(([, partition]) => partition),
    );
    return new Map(ours.map(([lane], at) => [lane, { resume: paddedPosition(ends[at]?.next ?? 0), within: 0 }]));
  }

  wake(what: string | undefined): void {
    if (what === `group:${this.parts.group}`) this.#look();
    if (what?.startsWith('group:')) return;
    for (const [lane, { lane: reading }] of this.#holdings) {
      const partition = this.#partitions.get(lane);
      if (what === undefined || what === `${partition?.topic.id}/${partition?.partition}`) reading.wake();
    }
  }

  trouble(error: ComponentError | undefined): void {
    this.#tellTrouble({ ...this.#troubles, wakeUps: error });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** A round as soon as may be; at most one is under way. */
  #look(): void {
    clearTimeout(this.#timer);
    if (this.#closing || this.#failure) return;
    if (this.#round) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#round = this.#shareOut()
      .then(
        () => {
          this.#tellTrouble({ ...this.#troubles, round: undefined });
          this.#tellStandby();
          this.#shared.keep();
        },
        (error: unknown) => this.#missed(error),
      )
      .then(() => {
        this.#round = undefined;
        if (this.#again) this.#look();
        else if (!this.#closing && !this.#failure)
          this.#timer = setTimeout(() => this.#look(), this.parts.memberTtlMs / ROUNDS);
      });
  }

  async #shareOut(): Promise<void> {
    const { member, graceMs } = this.parts;
    await Promise.all([...this.#holdings.values()].map(({ held }) => held.renew()));
    const isNew = !member.joined;
    const picture = await member.look();
    if (isNew) await this.#tellGroup();
    const lanes = [...this.#partitions.keys()];
    const due = dueTo(member.owner, picture, lanes);
    const staying = [...this.#holdings.values()].filter(({ leaving }) => !leaving);
    for (const holding of staying.slice(due)) {
      holding.leaving = true;
      holding.lane.revoke(graceMs);
    }
    let missing = due - this.#holdings.size;
    const free = lanes.filter((lane) => !picture.lanes.has(lane) && !this.#holdings.has(lane));
    for (const lane of free) {
      if (missing <= 0 || this.#closing) return;
      if (await this.#take(lane)) missing -= 1;
    }
  }

  async #take(lane: Lane): Promise<boolean> {
    const held = await this.parts.member.take(lane);
    if (held === undefined) return false;
    let reading: PartitionLane;
    try {
      reading = await this.#laneOf(lane, held);
    } catch (error) {
      await held.release();
      throw error;
    }
    if (!held.live || this.#closing) {
      await held.release();
      return false;
    }
    const holding: Holding = { held, lane: reading, left: Promise.resolve(), leaving: false };
    this.#holdings.set(lane, holding);
    holding.left = reading.gone.then(() => this.#leave(lane, holding));
    this.#announced.push(holding);
    this.#tell();
    return true;
  }

  async #laneOf(lane: Lane, held: HeldPartition): Promise<PartitionLane> {
    const { ctx, database, use, pageEvents } = this.parts;
    const partition = this.#partitions.get(lane) as Partition;
    // Only now, with the lease ours, does the checkpoint stand still.
    await ctx.refresh?.();
    const stored = ctx.checkpoints.get(lane) ?? undefined;
    if (stored) refuseForeignCheckpoints(new Map([[lane, stored]]), this.identity);
    const [extent = { first: 0, next: 0 }] = await extents(use.pool, database, [partition]);
    const from = stored === undefined ? extent.first : offsetAt(stored.position);
    checkReadable(partition, from, extent);
    const read = pageReader(database, partition);
    return new PartitionLane({
      name: lane,
      held,
      from,
      first: extent.first,
      cuts: ctx.cuts?.get(lane) ?? [],
      pageEvents,
      maxBatchBytes: ctx.maxBatchBytes,
      read: (request) => read(use.pool, request),
    });
  }

  async #leave(lane: Lane, holding: Holding): Promise<void> {
    await holding.held.release();
    if (this.#holdings.get(lane) === holding) this.#holdings.delete(lane);
    if (this.#closing) return;
    await this.#tellGroup();
    this.#tell();
    this.#look();
  }

  /** A round has failed. What is held is read on while its leases last; what a person must mend ends the session. */
  #missed(error: unknown): void {
    const failure = fromPostgres(error, `sharing out the group ${this.parts.group}`);
    if (failure.retry === 'backoff' || failure.retry === 'now') {
      this.#tellTrouble({ ...this.#troubles, round: failure });
      return;
    }
    this.#failure ??= { error: failure };
    this.#shared.keep();
    this.#tell();
  }

  /** Others look at once; that they are not told delays them until their next round. */
  async #tellGroup(): Promise<void> {
    const { use, database, group } = this.parts;
    const given = [database.channel, `group:${group}`];
    await rowsOf(use.pool, 'telling a group', 'SELECT pg_notify($1, $2)', given).catch(() => []);
  }

  #tellTrouble(troubles: { round?: ComponentError | undefined; wakeUps?: ComponentError | undefined }): void {
    const before = this.#troubles.round ?? this.#troubles.wakeUps;
    this.#troubles = troubles;
    const now = troubles.round ?? troubles.wakeUps;
    if (now !== before && !this.#closing) this.parts.ctx.trouble?.(now);
  }

  /** With more members than partitions some have nothing to read, which is as it should be. */
  #tellStandby(): void {
    const { ctx, group } = this.parts;
    if (this.#closing) return;
    ctx.standby?.(this.#holdings.size > 0 ? undefined : `other members of ${group} read all partitions`);
  }

  #tell(): void {
    this.#news.keep();
    this.#news = gate();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#shared.keep();
    this.#tell();
    await this.#round;
    const leaving = [...this.#holdings.values()].map(({ lane, left }) => {
      lane.close();
      return left;
    });
    const [left] = await Promise.all([this.parts.member.leave(), this.#leaveWakeUps(), ...leaving]);
    // A server that did not answer is not asked once more.
    if (left) await this.#tellGroup();
    await this.parts.use.leave();
  }
}

/** Rounds within the term of a lease. */
const ROUNDS = 5;
