import {
  type AckToken,
  BatchError,
  type CheckpointStore,
  ComponentError,
  type Envelope,
  type Frame,
  type Position,
  type Sink,
  type Source,
} from '@sluice/contracts';
import { memoryCheckpoints } from '../../src/index.js';
import { type Numbered, numbered } from './events.js';
import { at, place, scriptedLane, scriptedSource, until } from './scripted-source.js';

/** When a process dies: at its so-many-th effect on the world, just before or just after it. */
export interface Death {
  readonly effect: number;
  readonly after: boolean;
}

/** One process. Whatever it does to the world goes through here; once dead, it does nothing any more. */
export class Life {
  #effects = 0;
  #alive = true;
  died: () => void = () => {};

  constructor(private readonly death: Death | undefined) {}

  get alive(): boolean {
    return this.#alive;
  }

  async effect<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.#alive) throw dead();
    this.#effects += 1;
    if (this.#effects !== this.death?.effect) return work();
    if (this.death.after) await work();
    this.#alive = false;
    this.died();
    throw dead();
  }
}

const dead = () => new ComponentError('TEST_DEAD', 'the process is dead', { retry: 'operator' });
const down = () => new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export type Delivery = 'plain' | 'idempotent' | 'atomic';
export type WriteFault = 'fine' | 'slow' | 'down' | 'torn' | 'lost answer';
/** What a sink does against its word. */
export type SinkDefect = 'checkpoints apart' | 'ignores versions' | 'accepts and loses' | 'writes the last first';

/** A sink that outlives the processes that write to it. */
export class Target {
  /** In the order in which they took effect. */
  readonly written: Envelope<Numbered>[] = [];
  readonly state = new Map<string, bigint>();
  readonly store: CheckpointStore = memoryCheckpoints();
  #calls = 0;

  constructor(
    readonly name: string,
    readonly delivery: Delivery,
    private readonly faults: readonly WriteFault[],
    private readonly defect?: SinkDefect | undefined,
  ) {}

  /** The sink as one process has it. */
  sink(life: Life): Sink<Numbered> {
    const { name, delivery, store } = this;
    return {
      name,
      features: { delivery, maxEvents: 20 },
      open: async () => ({
        ...(delivery === 'atomic' ? { checkpoints: mortalStore(store, life) } : {}),
        write: async (events, ctx) => {
          const fault = this.faults[this.#calls++] ?? 'fine';
          if (fault === 'slow') await wait(1);
          if (fault === 'down') throw down();
          const torn = fault === 'torn' && delivery !== 'atomic' && events.length > 1;
          const good = torn ? events.slice(0, -1) : events;
          if (delivery !== 'atomic') await life.effect(() => this.#apply(good));
          else if (this.defect === 'checkpoints apart') {
            await life.effect(() => this.#apply(events));
            await life.effect(() => this.#save(ctx.checkpoints));
          } else {
            await life.effect(async () => {
              await this.#save(ctx.checkpoints);
              this.#apply(events);
            });
          }
          if (torn) {
            throw new BatchError(new Map([[events.length - 1, new ComponentError('TEST_ROW', '', { retry: 'now' })]]));
          }
          if (fault === 'lost answer') throw down();
        },
        async [Symbol.asyncDispose]() {},
      }),
    };
  }

  async #save(checkpoints: Parameters<CheckpointStore['save']>[0]): Promise<void> {
    if ((await this.store.save(checkpoints)) === 'fenced') throw new ComponentError('CHECKPOINT_FENCED', '');
  }

  #apply(events: readonly Envelope<Numbered>[]): void {
    const all = this.defect === 'writes the last first' ? [...events].reverse() : events;
    for (const event of this.defect === 'accepts and loses' ? all.slice(1) : all) {
      this.written.push(event);
      const { key = '', version } = event;
      const newer = version.value > (this.state.get(key) ?? -1n);
      if (newer || this.defect === 'ignores versions') this.state.set(key, version.value);
    }
  }
}

/** The store as one process has it. */
export function mortalStore(store: CheckpointStore, life: Life): CheckpointStore {
  return {
    acquire: (...about) => life.effect(() => store.acquire(...about)),
    load: (pipeline) => store.load(pipeline),
    save: (writes) => life.effect(() => store.save(writes)),
    async [Symbol.asyncDispose]() {},
  };
}

/** What a source does against its word. */
export type SourceDefect = 'goes on where it has read' | 'delivers again' | 'swaps events';

/** A log that can be read again, or (not replayable) one whose events are gone once they were read. */
export class Log {
  confirmed = 0;
  #read = 0;

  constructor(
    readonly count: number,
    private readonly size: () => number,
    private readonly replayable: boolean,
    private readonly defect?: SourceDefect | undefined,
  ) {}

  source(life: Life): Source<Numbered> {
    return scriptedSource(
      async function* (this: Log, { checkpoints, cuts }: Parameters<Source<Numbered>['open']>[0], closed: AbortSignal) {
        const stored = place(checkpoints.get('log')?.position);
        const forgets = this.replayable
          ? this.defect === 'goes on where it has read'
          : this.defect !== 'delivers again';
        let n = forgets ? Math.max(stored, this.#read) : this.replayable ? stored : Math.max(0, this.#read - 10);
        const places = (cuts?.get('log') ?? []).map(place);
        const frames = async function* (this: Log): AsyncGenerator<Frame<Numbered>> {
          // What is no longer there is done with.
          if (n > stored) yield { kind: 'progress', position: at(n) };
          while (n < this.count && life.alive) {
            const from = n;
            n = Math.min(this.count, from + this.size(), ...places.filter((cut) => cut > from));
            this.#read = Math.max(this.#read, n);
            const events = Array.from({ length: n - from }, (_, i) => numbered('log', from + i));
            if (this.defect === 'swaps events') events.reverse();
            yield { kind: 'batch', events, bytes: 100 * events.length, position: at(n) };
          }
          await until(closed);
        }.bind(this);
        const confirm = (upTo: Position) =>
          life.effect(() => {
            this.confirmed = Math.max(this.confirmed, place(upTo));
          });
        yield scriptedLane('log', frames, { confirm });
        await until(closed);
      }.bind(this),
      {
        features: { ack: 'cumulative', replayable: this.replayable },
        head: async () => new Map([['log', at(this.count)]]),
      },
    );
  }
}

/** A queue: each message is gone once it was acked; what a process had in flight comes back to the next. */
export class Queue {
  readonly acked = new Set<number>();
  readonly #given = new Set<number>();

  constructor(
    readonly count: number,
    private readonly size: () => number,
  ) {}

  source(life: Life): Source<Numbered> {
    return scriptedSource(
      async function* (this: Queue, _: unknown, closed: AbortSignal) {
        yield scriptedLane('log', () => this.#frames(life, closed));
        await until(closed);
      }.bind(this),
      { features: { ack: 'individual', replayable: true } },
    );
  }

  async *#frames(life: Life, closed: AbortSignal): AsyncGenerator<Frame<Numbered>> {
    const left = Array.from({ length: this.count }, (_, n) => n).filter((n) => !this.acked.has(n));
    // What a session before this one had and did not ack comes after what nobody has had.
    const visible = left.filter((n) => !this.#given.has(n)).concat(left.filter((n) => this.#given.has(n)));
    let wake: () => void = () => {};
    closed.addEventListener('abort', () => wake());
    const token = (n: number): AckToken => ({
      ack: () => life.effect(() => void this.acked.add(n)),
      async release() {
        visible.push(n);
        wake();
      },
      async extend() {},
    });
    while (!closed.aborted) {
      const numbers = visible.splice(0, this.size());
      const events = numbers.map((n) => numbered('log', n));
      const tokens = numbers.map(token);
      for (const n of numbers) this.#given.add(n);
      if (events.length > 0) yield { kind: 'batch', events, bytes: 100 * events.length, position: at(0), tokens };
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (closed.aborted) resolve();
        });
      }
    }
  }
}
