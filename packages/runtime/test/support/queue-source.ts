import type { AckToken, Envelope, Frame, LaneReader, Source } from '@sluice/contracts';
import { type Numbered, numbered } from './events.js';

/**
 * A throw-away source in the shape of SQS: each message has a token of its own and comes back unless it is acked in time.
 */
export class QueueSource implements Source<Numbered> {
  readonly name = 'queue';
  readonly features = { ack: 'individual', replayable: true, visibilityTimeoutMs: 200 } as const;
  readonly acked = new Set<number>();
  readonly violations: string[] = [];
  #visible: number[];
  #hidden = new Map<number, { timer: NodeJS.Timeout; receipt: number }>();
  #receipt = 0;
  #wake: (() => void) | undefined;

  constructor(
    count: number,
    private readonly batch: number,
  ) {
    this.#visible = Array.from({ length: count }, (_, n) => n);
  }

  /** Messages that are neither acked nor waiting to be read. */
  get inFlight(): number {
    return this.#hidden.size;
  }

  async open() {
    const closed = new AbortController();
    const self = this;
    async function* frames(): AsyncGenerator<Frame<Numbered>> {
      while (!closed.signal.aborted) {
        const numbers = self.#visible.splice(0, self.batch);
        if (numbers.length > 0) yield self.#frame(numbers);
        else {
          await new Promise<void>((resolve) => {
            self.#wake = resolve;
            closed.signal.addEventListener('abort', () => resolve());
          });
        }
      }
    }
    const lane: LaneReader<Numbered> = {
      lane: 'queue',
      generation: 1n,
      frames,
      confirm: async () => void self.violations.push('a source with tokens was sent a position'),
      revoked: new Promise(() => {}),
    };
    return {
      identity: 'queue',
      async *lanes() {
        yield lane;
      },
      head: async () => new Map(),
      [Symbol.asyncDispose]: async () => closed.abort(),
    };
  }

  #frame(numbers: readonly number[]): Frame<Numbered> {
    const events: Envelope<Numbered>[] = numbers.map((n) => numbered('queue', n));
    const tokens = numbers.map((n) => this.#token(n));
    return { kind: 'batch', events, bytes: numbers.length * 100, position: { resume: '', within: 0 }, tokens };
  }

  #token(n: number): AckToken {
    const receipt = ++this.#receipt;
    const giveBack = () => {
      if (this.#hidden.get(n)?.receipt !== receipt) return;
      this.#hidden.delete(n);
      this.#visible.push(n);
      this.#wake?.();
    };
    const hide = (ms: number) => {
      const old = this.#hidden.get(n);
      if (old && old.receipt !== receipt) return;
      clearTimeout(old?.timer);
      this.#hidden.set(n, { receipt, timer: setTimeout(giveBack, ms) });
    };
    hide(this.features.visibilityTimeoutMs);
    return {
      ack: async () => {
        if (this.#hidden.get(n)?.receipt !== receipt) return;
        clearTimeout(this.#hidden.get(n)?.timer);
        this.#hidden.delete(n);
        if (this.acked.has(n)) this.violations.push(`message ${n} was acked twice`);
        this.acked.add(n);
      },
      release: async (delayMs) => {
        if (delayMs === 0) giveBack();
        else hide(delayMs);
      },
      extend: async (forMs) => {
        if (this.#hidden.has(n)) hide(forMs);
      },
    };
  }
}
