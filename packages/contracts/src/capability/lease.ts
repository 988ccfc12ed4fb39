/** Who holds a resource. */
export interface LeaseHolder {
  readonly resource: string;
  readonly owner: string;
  readonly fence: bigint;
}

/** The answer to an `acquire`. */
export type LeaseAnswer =
  | { readonly held: true; readonly fence: bigint }
  | { readonly held: false; readonly by: string /** Until it would expire. */; readonly remainingMs: number };

/**
 * Gives a resource to one owner at a time, for a while.
 *
 * - The store's clock decides, never the owner's: an owner whose clock jumps neither keeps nor loses anything.
 * - Fences of one resource only grow, also after it was released or has expired, and also over restarts of the store.
 * - An owner that acquires what it holds gets the fence that it has, and a new term.
 * - `renew` answers false once the lease has expired and another has it, or it was released: the owner must then stop at once.
 *   One that has expired and that nobody took is renewed.
 */
export interface Lease extends AsyncDisposable {
  acquire(resource: string, owner: string, ttlMs: number): Promise<LeaseAnswer>;
  renew(resource: string, owner: string, fence: bigint, ttlMs: number): Promise<boolean>;
  /** Nothing, when it is no longer held. */
  release(resource: string, owner: string, fence: bigint): Promise<void>;
  /** The live leases whose resource begins with `prefix`. */
  holders(prefix: string): Promise<readonly LeaseHolder[]>;
}
