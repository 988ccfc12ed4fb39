import { createHash } from 'node:crypto';
import type { Lease } from '@sluice/contracts';
import { HeldPartition } from './held-partition.js';

/** Who takes part in a group, and who holds which lane. */
export interface GroupPicture {
  /** Those that read the same topics: nobody else can be counted on to take a share of them. */
  readonly members: readonly string[];
  readonly lanes: ReadonlyMap<string, string>;
}

/** One member of a group, on record by leases: one says that it takes part, and in what; one is for each lane that it holds. */
export class GroupMember {
  private readonly prefix: string;
  /** Before the names of those that read the same. */
  private readonly kin: string;
  #fence: bigint | undefined;

  constructor(
    private readonly lease: Lease,
    group: string,
    topics: readonly string[],
    /** Unique: another opening is another member. */
    readonly owner: string,
    private readonly ttlMs: number,
  ) {
    this.prefix = `log/${group}/`;
    const names = createHash('sha256').update(topics.toSorted().join()).digest('hex').slice(0, 16);
    this.kin = `members/${names}/`;
  }

  /** Whether it is on record. */
  get joined(): boolean {
    return this.#fence !== undefined;
  }

  /** Renews the record, and looks at who is there. */
  async look(): Promise<GroupPicture> {
    const answer = await this.lease.acquire(this.#record, this.owner, this.ttlMs);
    if (answer.held) this.#fence = answer.fence;
    const members: string[] = [];
    const lanes = new Map<string, string>();
    for (const { resource, owner } of await this.lease.holders(this.prefix)) {
      const rest = resource.slice(this.prefix.length);
      if (rest.startsWith(this.kin)) members.push(owner);
      else if (rest.startsWith(LANES)) lanes.set(rest.slice(LANES.length), owner);
    }
    return { members, lanes };
  }

  /** Undefined when another member has it. */
  async take(lane: string): Promise<HeldPartition | undefined> {
    const { lease, owner, ttlMs } = this;
    const resource = `${this.prefix}${LANES}${lane}`;
    const began = performance.now();
    const answer = await lease.acquire(resource, owner, ttlMs);
    return answer.held ? new HeldPartition({ lease, resource, owner, fence: answer.fence, ttlMs, began }) : undefined;
  }

  /** Takes the record back; false for one that stays, and ends by itself. */
  async leave(): Promise<boolean> {
    if (this.#fence === undefined) return true;
    return this.lease.release(this.#record, this.owner, this.#fence).then(
      () => true,
      () => false,
    );
  }

  get #record(): string {
    return `${this.prefix}${this.kin}${this.owner}`;
  }
}

const LANES = 'lanes/';

/**
 * How many lanes are due to `owner`: as many as to any other member, or one more. Those that hold more keep the extra
 * ones, so that as few lanes as possible change hands; what all members compute from the same picture adds up to all
 * lanes.
 */
export function dueTo(owner: string, { members, lanes: held }: GroupPicture, lanes: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const lane of lanes) {
    const by = held.get(lane);
    if (by !== undefined) counts.set(by, (counts.get(by) ?? 0) + 1);
  }
  const all = [...new Set([...members, owner])];
  const ranked = all.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || (a < b ? -1 : 1));
  const extra = ranked.indexOf(owner) < lanes.length % all.length ? 1 : 0;
  return Math.floor(lanes.length / all.length) + extra;
}
