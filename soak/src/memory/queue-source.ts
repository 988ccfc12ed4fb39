import { type AckToken, ComponentError, type Frame, type LaneReader, type Source } from '@sluice/contracts';
import type { Lifeline } from '../instance/lifeline.js';
import type { Random } from '../random/random.js';
import type { LogFaults } from './log-source.js';
import { eventOf, type Item, positionAt, type World } from './world.js';

const VISIBILITY_MS = 300;

/** The queue itself, which outlives the instances that read it. */
export class Queue {
  readonly visible: Item[];
  readonly hidden = new Map<Item, { readonly receipt: number; readonly timer: NodeJS.Timeout }>();
  #receipts = 0;
  #wake: () => void = () => {};

  constructor(world: World) {
    this.visible = [...world.items()];
  }

  get empty(): boolean {
    return this.visible.length === 0 && this.hidden.size === 0;
  }

  take(count: number): { item: Item; receipt: number }[] {
    return this.visible.splice(0, count).map((item) => {
      this.#receipts += 1;
      this.hide(item, this.#receipts, VISIBILITY_MS);
      return { item, receipt: this.#receipts };
    });
  }

  holds(item: Item, receipt: number): boolean {
    return this.hidden.get(item)?.receipt === receipt;
  }

  hide(item: Item, receipt: number, ms: number): void {
    clearTimeout(this.hidden.get(item)?.timer);
    this.hidden.set(item, { receipt, timer: setTimeout(() => this.giveBack(item), ms) });
  }

  remove(item: Item): void {
    clearTimeout(this.hidden.get(item)?.timer);
    this.hidden.delete(item);
    this.wake();
  }

  giveBack(item: Item): void {
    this.remove(item);
    this.visible.push(item);
    this.wake();
  }

  /** Resolves when something may have become visible. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before();
        resolve();
      };
    });
  }

  /** Lets everyone who waits look again. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = () => {};
    wake();
  }
}

/** Reads a queue whose messages are acked one by one, and come back when they are not in time. */
export function queueSource(
  queue: Queue,
  world: World,
  lifeline: Lifeline,
  random: Random,
  maxFrame: number,
  faults: LogFaults,
): Source<Item> {
  const tokenOf = ({ item, receipt }: { item: Item; receipt: number }): AckToken => {
    const ifOurs = async (act: () => void) => {
      await lifeline.pass();
      if (queue.holds(item, receipt)) act();
    };
    return {
      ack: () =>
        ifOurs(() => {
          world.ack(item);
          queue.remove(item);
        }),
      release: () => ifOurs(() => queue.giveBack(item)),
      extend: (forMs) => ifOurs(() => queue.hide(item, receipt, forMs)),
    };
  };
  return {
    name: 'queue',
    features: { ack: 'individual', replayable: true, visibilityTimeoutMs: VISIBILITY_MS },
    async open() {
      await lifeline.pass();
      const closed = new AbortController();
      async function* frames(): AsyncGenerator<Frame<Item>> {
        while (!closed.signal.aborted) {
          await lifeline.pass();
          if (!world.calm && random.chance(faults.breaks))
            throw new ComponentError('TEST_BROKEN', 'the connection broke', { retry: 'backoff' });
          const taken = queue.take(random.int(1, maxFrame));
          if (taken.length === 0) await queue.changed();
          else {
            const events = taken.map(({ item }) => eventOf(item));
            const tokens = taken.map(tokenOf);
            yield { kind: 'batch', events, bytes: events.length * 100, position: positionAt(0), tokens };
          }
        }
      }
      const lane: LaneReader<Item> = {
        lane: 'queue',
        generation: 1n,
        frames,
        confirm: async () => void world.violations.push('a queue was sent a position'),
        revoked: new Promise(() => {}),
      };
      return {
        identity: 'queue',
        async *lanes() {
          yield lane;
          await new Promise<void>((resolve) => closed.signal.addEventListener('abort', () => resolve()));
        },
        head: async () => new Map(),
        [Symbol.asyncDispose]: async () => {
          closed.abort();
          queue.wake();
        },
      };
    },
  };
}
