import type { Lease } from '@sluice/contracts';
import type { Clock } from './clock.js';

/** What a lease that is held is made of. */
export interface HeldLeaseParts {
  readonly lease: Lease;
  readonly resource: string;
  readonly owner: string;
  readonly fence: bigint;
  readonly ttlMs: number;
  /** When the call that acquired it began. */
  readonly began: number;
  readonly clock: Clock;
  /** Hears of renewals that failed, and are tried again. */
  readonly told: (error: unknown) => void;
}

/** The part of a term after which it is renewed; a renewal that failed is tried again three times as often. */
const RENEW_AFTER = 1 / 4;
/** The part of a term after which, without a renewal, what is in flight is brought to an end. */
const FADES_AFTER = 4 / 5;

/**
 * A lease while it is ours: renewed well before it ends, by a clock that never jumps.
 *
 * A term counts from when the call that got it *began*, so it ends here before it ends in the store. It is over when a renewal is
 * refused, or when its time has passed since the last successful one began: whatever that one may say later. `live` looks at
 * the clock itself, so that a process that was frozen learns of its loss from whatever it does first.
 */
export class HeldLease {
  readonly resource: string;
  readonly owner: string;
  readonly fence: bigint;
  /** Resolves when what is in flight must come to an end, with how many milliseconds are left for that. Not after `end`. */
  readonly ending: Promise<number>;
  #resolveEnding: (leftMs: number) => void = () => {};
  #began: number;
  #over = false;
  #fading = false;
  #callOffRenewal: () => void = () => {};
  #callOffFading: () => void = () => {};

  constructor(private readonly parts: HeldLeaseParts) {
    this.resource = parts.resource;
    this.owner = parts.owner;
    this.fence = parts.fence;
    this.#began = parts.began;
    this.ending = new Promise((resolve) => {
      this.#resolveEnding = resolve;
    });
    this.#watch();
    this.#renewIn(parts.ttlMs * RENEW_AFTER - this.#age);
  }

  /** Whether it is ours at this moment. */
  get live(): boolean {
    if (!this.#over && this.#age >= this.parts.ttlMs) this.#lose();
    return !this.#over;
  }

  /** It is not renewed any more, and not ours. */
  end(): void {
    this.#over = true;
    this.#callOffRenewal();
    this.#callOffFading();
  }

  get #age(): number {
    return this.parts.clock.now() - this.#began;
  }

  async #renew(): Promise<void> {
    const { lease, resource, owner, fence, ttlMs, clock, told } = this.parts;
    if (!this.live || this.#fading) return;
    const began = clock.now();
    try {
      const renewed = await lease.renew(resource, owner, fence, ttlMs);
      if (!this.live || this.#fading) return;
      if (!renewed) {
        this.#lose();
        return;
      }
      this.#began = began;
      this.#watch();
      this.#renewIn(ttlMs * RENEW_AFTER - this.#age);
    } catch (error) {
      if (!this.live || this.#fading) return;
      told(error);
      this.#renewIn((ttlMs * RENEW_AFTER) / 3);
    }
  }

  #renewIn(ms: number): void {
    this.#callOffRenewal = this.parts.clock.after(Math.max(0, ms), () => void this.#renew());
  }

  #watch(): void {
    const { clock, ttlMs } = this.parts;
    this.#callOffFading();
    this.#callOffFading = clock.after(Math.max(0, ttlMs * FADES_AFTER - this.#age), () => this.#fade());
  }

  #fade(): void {
    if (!this.live) return;
    const leftMs = this.parts.ttlMs - this.#age;
    this.#fading = true;
    this.#resolveEnding(leftMs);
    this.#callOffFading = this.parts.clock.after(leftMs, () => this.#lose());
  }

  #lose(): void {
    this.end();
    this.#resolveEnding(0);
  }
}
