import { type Frame, type LaneReader, type Position, paddedPosition, type Source } from '@sluice/contracts';
import { type Numbered, numbered } from './events.js';

/** What one session does. */
export interface ManyLanesHooks {
  readonly pulled?: (lane: string, n: number) => void;
  readonly confirmed?: (lane: string, n: number) => void;
}

/** A log of several lanes that any number of sessions read at once, each from the checkpoints it is given. */
export class ManyLanes {
  readonly #counts: Map<string, number>;
  #ended = false;
  #sessions = 0;
  readonly #waiting = new Set<() => void>();

  constructor(lanes: readonly string[], count = 0) {
    this.#counts = new Map(lanes.map((lane) => [lane, count]));
  }

  get openSessions(): number {
    return this.#sessions;
  }

  /** `count` more events in each lane. */
  grow(count: number): void {
    for (const [lane, old] of this.#counts) this.#counts.set(lane, old + count);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  source(hooks: ManyLanesHooks = {}, batch = 5): Source<Numbered> {
    return {
      name: 'many',
      features: { ack: 'cumulative', replayable: true },
      open: async ({ checkpoints, signal }) => {
        this.#sessions += 1;
        const closed = new AbortController();
        const over = AbortSignal.any([signal, closed.signal]);
        over.addEventListener('abort', () => this.#wake());
        const readers = [...this.#counts.keys()].map((lane) =>
          this.#reader(lane, place(checkpoints.get(lane)?.position), batch, over, hooks),
        );
        return {
          identity: 'many',
          async *lanes() {
            yield* readers;
          },
          head: async () => new Map([...this.#counts].map(([lane, count]) => [lane, at(count)])),
          [Symbol.asyncDispose]: async () => {
            if (!closed.signal.aborted) this.#sessions -= 1;
            closed.abort();
          },
        };
      },
    };
  }

  #reader(lane: string, from: number, batch: number, over: AbortSignal, hooks: ManyLanesHooks): LaneReader<Numbered> {
    const self = this;
    async function* frames(): AsyncGenerator<Frame<Numbered>> {
      for (let next = from; !over.aborted; ) {
        const end = Math.min(next + batch, self.#counts.get(lane) ?? 0);
        if (end > next) {
          hooks.pulled?.(lane, next);
          const events = Array.from({ length: end - next }, (_, n) => numbered(lane, next + n));
          next = end;
          yield { kind: 'batch', events, bytes: 100 * events.length, position: at(next) };
        } else if (self.#ended) return;
        else await new Promise<void>((resolve) => self.#waiting.add(resolve));
      }
    }
    return {
      lane,
      generation: 1n,
      frames,
      confirm: async (upTo) => hooks.confirmed?.(lane, place(upTo)),
      revoked: new Promise(() => {}),
    };
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const at = (count: number): Position => ({ resume: paddedPosition(count), within: 0 });
const place = (position: Position | undefined): number => Number.parseInt(position?.resume ?? '0', 16);
