import type { Lease, LeaseAnswer } from '@sluice/contracts';
import { waitFor } from '../../wait/wait-for.js';
import { mustEqual, mustHold } from '../promise-broken.js';

/** A lease as the suite needs it. */
export interface LeaseUnderTest {
  readonly name: string;
  /** Makes an empty place for leases; each test has one of its own. */
  create(): Promise<LeaseFixture>;
  /** Why leases and fences do not outlast the lease object, where that is so. */
  readonly volatile?: string;
}

/** A place for leases, and objects that open it. */
export interface LeaseFixture extends AsyncDisposable {
  /** A lease over the place, anew at each call, as another process would have it. */
  lease(): Lease;
  /** Moves the store's clock on, where the fixture has it in hand. Without it, short terms end while the suite waits. */
  advance?(ms: number): void | Promise<void>;
  /** How long the suite waits for a term of 200 ms to end, in milliseconds. Default: 20,000. */
  readonly timeoutMs?: number;
}

/** A term that does not end within a test, in milliseconds. */
export const LONG = 600_000;

const SHORT = 200;

/** The fence of a lease that must be given. */
export async function mustAcquire(lease: Lease, resource: string, owner: string, ttlMs = LONG): Promise<bigint> {
  const answer = await lease.acquire(resource, owner, ttlMs);
  mustHold(answer.held, `${owner} is given ${resource}`, answer);
  return answer.fence;
}

/** The answer that names another holder. */
export async function mustBeRefused(
  lease: Lease,
  resource: string,
  owner: string,
): Promise<LeaseAnswer & { held: false }> {
  const answer = await lease.acquire(resource, owner, LONG);
  mustHold(!answer.held, `${owner} is not given ${resource}, which another holds`, answer);
  return answer;
}

/** Gives `owner` a short term of the resource, and waits until it is over. */
export async function mustExpire(
  fixture: LeaseFixture,
  lease: Lease,
  resource: string,
  owner: string,
): Promise<bigint> {
  const fence = await mustAcquire(lease, resource, owner, SHORT);
  await fixture.advance?.(SHORT + 1);
  await waitFor(async () => (await lease.holders(resource)).every((holder) => holder.resource !== resource), {
    what: `the term of ${resource} to end`,
    timeoutMs: fixture.timeoutMs ?? 20_000,
  });
  return fence;
}

/** Runs `work` while the clock of this process is wrong by that much. */
export async function withClockOff<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const RealDate = globalThis.Date;
  globalThis.Date = class extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [RealDate.now() + ms] : given) as [number]));
    }
    static override now(): number {
      return RealDate.now() + ms;
    }
  } as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}

/** Checks who holds the resources that begin with `prefix`. */
export async function mustBeHeld(lease: Lease, prefix: string, expected: Record<string, string>): Promise<void> {
  const found = (await lease.holders(prefix)).map(({ resource, owner }) => [resource, owner]);
  mustEqual(found.sort(byName), Object.entries(expected).sort(byName), `the holders of what begins with "${prefix}"`);
}

function byName([a = '']: string[], [b = '']: string[]): number {
  return a < b ? -1 : 1;
}
