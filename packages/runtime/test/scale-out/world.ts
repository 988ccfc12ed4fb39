import { ComponentError, type Lease } from '@sluice/contracts';
import { memoryLease } from '../../src/index.js';
import type { Clock } from '../../src/scale-out/clock.js';

interface Due {
  readonly at: number;
  readonly run: () => void;
  /** Whoever must be awake for it. */
  readonly process: SimulatedProcess | undefined;
}

/** A process that can be stopped: what falls due meanwhile happens when it wakes up, in any order. */
export class SimulatedProcess {
  frozen = false;
  readonly backlog: (() => void)[] = [];
  readonly clock: Clock;
  readonly lease: Lease;

  constructor(readonly world: World) {
    this.clock = {
      now: () => world.now,
      after: (ms, run) => {
        let off = false;
        world.at(ms, () => off || run(), this);
        return () => {
          off = true;
        };
      },
    };
    this.lease = world.leaseFor(this);
  }

  /** Resolves when this process has had a turn, some milliseconds later. */
  turn(ms: number): Promise<void> {
    return new Promise((resolve) => this.world.at(ms, resolve, this));
  }

  async thaw(): Promise<void> {
    this.frozen = false;
    const due = this.backlog.splice(0);
    while (due.length > 0) {
      due.splice(Math.floor(this.world.random() * due.length), 1)[0]?.();
      await settle();
    }
  }
}

/** Virtual time, processes that freeze, and a lease store behind a slow network. */
export class World {
  now = 0;
  storeDown = false;
  #due: Due[] = [];
  #seed: number;
  readonly #store: Lease;

  constructor(seed: number) {
    this.#seed = seed;
    this.#store = memoryLease({ now: () => this.now });
  }

  get store(): Lease {
    return this.#store;
  }

  random(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return this.#seed / 2_147_483_648;
  }

  at(ms: number, run: () => void, process: SimulatedProcess | undefined): void {
    this.#due.push({ at: this.now + Math.max(0, ms), run, process });
  }

  /** Lets that much time pass; all that follows from one thing happens before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      if (next.process?.frozen) next.process.backlog.push(next.run);
      else {
        next.run();
        await settle();
      }
    }
    this.now = end;
  }

  leaseFor(process: SimulatedProcess): Lease {
    const store = this.#store;
    const far = async <T>(ask: () => Promise<T>): Promise<T> => {
      await new Promise<void>((resolve) => this.at(this.random() * 60, resolve, undefined));
      const down = this.storeDown;
      const answer = down ? undefined : await ask();
      await new Promise<void>((resolve) => this.at(this.random() * 60, resolve, process));
      if (down) throw new ComponentError('STORE_PG_UNAVAILABLE', 'down');
      return answer as T;
    };
    return {
      acquire: (...given) => far(() => store.acquire(...given)),
      renew: (...given) => far(() => store.renew(...given)),
      release: (...given) => far(() => store.release(...given)),
      holders: (prefix) => far(() => store.holders(prefix)),
      async [Symbol.asyncDispose]() {},
    };
  }
}

/** Until nothing more happens without time passing. */
async function settle(): Promise<void> {
  await new Promise(setImmediate);
}
