import type { Lease } from '@sluice/contracts';
import { gate } from './gate.js';

/** The part of a term after which, without a renewal, what is in flight is brought to an end. */
const FADES_AFTER = 4 / 5;

/** What a hold is made of. */
export interface HoldParts {
  readonly lease: Lease;
  readonly resource: string;
  readonly owner: string;
  readonly fence: bigint;
  readonly ttlMs: number;
  /** When the call that acquired it began, by `performance.now()`. */
  readonly began: number;
}

/**
 * A partition while its lease is ours. A term counts from when the call that got it *began*, by a clock that never
 * jumps: so it ends here before it ends in the store, and a process that was frozen learns of its loss from whatever it
 * does first.
 */
export class HeldPartition {
  readonly fence: bigint;
  /** Resolves when what is in flight must come to an end, with how many milliseconds are left for that. */
  readonly ending: Promise<number>;
  readonly #ending = gate<number>();
  #began: number;
  #over = false;
  #fading = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: HoldParts) {
    this.fence = parts.fence;
    this.ending = this.#ending.promise;
    this.#began = parts.began;
    this.#watch();
  }

  /** Whether it is ours at this moment. */
  get live(): boolean {
    if (!this.#over && this.#age >= this.parts.ttlMs) this.#lose();
    return !this.#over;
  }

  /** Rejects as the store does; the term goes on then. */
  async renew(): Promise<void> {
    if (!this.live || this.#fading) return;
    const { lease, resource, owner, fence, ttlMs } = this.parts;
    const began = performance.now();
    const renewed = await lease.renew(resource, owner, fence, ttlMs);
    if (!this.live || this.#fading) return;
    if (!renewed) return this.#lose();
    this.#began = began;
    this.#watch();
  }

  /** Gives it back; one that can't be given back ends with its term. */
  async release(): Promise<void> {
    this.#end();
    const { lease, resource, owner, fence } = this.parts;
    try {
      await lease.release(resource, owner, fence);
    } catch {
      // Nobody else is let in before it expires.
    }
  }

  get #age(): number {
    return performance.now() - this.#began;
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fade(), Math.max(0, this.parts.ttlMs * FADES_AFTER - this.#age));
  }

  #fade(): void {
    if (!this.live) return;
    const leftMs = this.parts.ttlMs - this.#age;
    this.#fading = true;
    this.#ending.keep(leftMs);
    this.#timer = setTimeout(() => this.#lose(), leftMs);
  }

  #lose(): void {
    this.#end();
    this.#ending.keep(0);
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}
