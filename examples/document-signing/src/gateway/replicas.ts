/** A replica and how it is doing. */
interface Replica {
  readonly base: string;
  busy: number;
  failures: number;
  /** Of the monotonic clock, in milliseconds: not asked before, unless no other is left. */
  restsUntil: number;
}

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/**
 * The replicas of a service: the next request goes to the least busy of those that work.
 *
 * Health is passive: a replica that could not be reached rests for a second, twice as long each time, at most half a minute, and works
 * again with its first answer. When all of them rest, the one that rests the shortest is asked.
 */
export class Replicas {
  private readonly all: readonly Replica[];
  private readonly now: () => number;
  private turn = 0;

  constructor(addresses: readonly string[], now: () => number = () => performance.now()) {
    this.all = addresses.map((address) => ({ base: new URL(address).origin, busy: 0, failures: 0, restsUntil: 0 }));
    this.now = now;
  }

  /** Takes a place at a replica other than those; undefined when there is none. */
  take(except: ReadonlySet<string> = new Set()): Place | undefined {
    const now = this.now();
    let best: Replica | undefined;
    this.turn += 1;
    for (let n = 0; n < this.all.length; n++) {
      const replica = this.all[(n + this.turn) % this.all.length] as Replica;
      if (!except.has(replica.base) && (best === undefined || isBetter(replica, best, now))) best = replica;
    }
    if (best === undefined) return undefined;
    best.busy += 1;
    return this.placeAt(best);
  }

  private placeAt(replica: Replica): Place {
    let held = true;
    const release = () => {
      if (held) replica.busy -= 1;
      held = false;
    };
    return {
      base: replica.base,
      release,
      worked: () => {
        replica.failures = 0;
        replica.restsUntil = 0;
      },
      failed: () => {
        replica.failures += 1;
        const rest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (replica.failures - 1));
        replica.restsUntil = this.now() + rest;
        release();
      },
    };
  }
}

/** A request's place at a replica. */
export interface Place {
  /** `http://host:port` */
  readonly base: string;
  /** The request is over. */
  release(): void;
  /** The replica has answered. */
  worked(): void;
  /** It could not be reached, or broke off. Gives the place back too. */
  failed(): void;
}

function isBetter(one: Replica, other: Replica, now: number): boolean {
  const rests = [one.restsUntil > now, other.restsUntil > now];
  if (rests[0] !== rests[1]) return rests[1] === true;
  return rests[0] ? one.restsUntil < other.restsUntil : one.busy < other.busy;
}
