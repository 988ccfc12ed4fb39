import type { Lane, Lease } from '@sluice/contracts';
import type { Sharing } from './sharing.js';

/** Who takes part, and who holds which lane. */
export interface Picture {
  readonly members: readonly string[];
  readonly lanes: ReadonlyMap<Lane, string>;
}

/** Keeps this instance on record as one that takes part, by a lease of its own. */
export class Membership {
  #fence: bigint | undefined;

  constructor(
    private readonly lease: Lease,
    private readonly ttlMs: number,
    private readonly sharing: Sharing,
  ) {}

  /** Renews the record, and looks at who is there. */
  async look(): Promise<Picture> {
    const { prefix, owner } = this.sharing;
    const answer = await this.lease.acquire(this.#resource, owner, this.ttlMs);
    if (answer.held) this.#fence = answer.fence;
    const members: string[] = [];
    const lanes = new Map<Lane, string>();
    for (const holder of await this.lease.holders(prefix)) {
      const rest = holder.resource.slice(prefix.length);
      if (rest.startsWith('members/')) members.push(holder.owner);
      else if (rest.startsWith('lanes/')) lanes.set(rest.slice('lanes/'.length), holder.owner);
    }
    return { members, lanes };
  }

  /** Takes the record back; one that stays ends by itself. */
  async leave(): Promise<void> {
    if (this.#fence === undefined) return;
    try {
      await this.lease.release(this.#resource, this.sharing.owner, this.#fence);
    } catch {
      // It expires.
    }
  }

  get #resource(): string {
    return `${this.sharing.prefix}members/${this.sharing.owner}`;
  }
}
