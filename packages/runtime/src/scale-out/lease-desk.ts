import type { Lease, LeaseAnswer } from '@sluice/contracts';
import type { Clock } from './clock.js';
import { HeldLease } from './held-lease.js';

/** What leases are taken by. */
export interface DeskParts {
  readonly lease: Lease;
  readonly ttlMs: number;
  readonly clock: Clock;
}

interface Leftover {
  readonly owner: string;
  readonly fence: bigint;
}

/**
 * Takes leases and gives them back. One that could not be given back is given back before its resource is taken again: so the new
 * term has a new fence, and nobody waits for an owner that is gone.
 */
export class LeaseDesk {
  readonly #leftovers = new Map<string, Leftover>();

  constructor(private readonly parts: DeskParts) {}

  /** Rejects as the lease store does. `told` hears of renewals that failed. */
  async acquire(
    resource: string,
    owner: string,
    told: (error: unknown) => void,
  ): Promise<HeldLease | Extract<LeaseAnswer, { held: false }>> {
    const { lease, ttlMs, clock } = this.parts;
    const left = this.#leftovers.get(resource);
    if (left) {
      await lease.release(resource, left.owner, left.fence);
      this.#leftovers.delete(resource);
    }
    const began = clock.now();
    const answer = await lease.acquire(resource, owner, ttlMs);
    return answer.held ? new HeldLease({ ...this.parts, resource, owner, fence: answer.fence, began, told }) : answer;
  }

  /** Ends the term, and gives the resource back; resolves also when the store did not take it. */
  async release(held: HeldLease): Promise<void> {
    const { resource, owner, fence } = held;
    held.end();
    try {
      await this.parts.lease.release(resource, owner, fence);
    } catch {
      // Nobody else is let in before it expires; whoever takes it here gives it back first.
      this.#leftovers.set(resource, { owner, fence });
    }
  }
}
