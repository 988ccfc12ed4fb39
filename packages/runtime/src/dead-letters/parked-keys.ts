import type { DeadLetterStore } from '@sluice/contracts';
import type { Delivery } from '../delivery/delivery.js';
import type { Ledger } from '../settlement/ledger.js';

/** Where the first event of a key failed. */
export interface FailedAt {
  /** The number of the stage; that of the sink is the number of operators. */
  readonly stage: number;
  /** Of its lane, for as long as that was ours: one that comes back numbers its batches anew. Undefined for the sink. */
  readonly ledger: Ledger | undefined;
  /** The newest source batch of the delivery that it was in. */
  readonly seq: number;
}

/**
 * The keys whose events go to the dead letters, over all lanes: those of which the store has a parked letter that waits or is
 * requested, and those of which one is being put there.
 *
 * What follows is taken out where the first one failed: of a stage, what leaves it that came in a later batch; of the sink,
 * what is about to be written. So letters are stored in the order of their events, and what was before the failed one goes on.
 * A key that is only known from the store is taken out wherever it is seen.
 */
export class ParkedKeys {
  readonly #keys = new Map<string, ParkedKey>();
  #clock = 0;

  constructor(
    private readonly store: Pick<DeadLetterStore, 'parkedKeys'>,
    private readonly pipeline: string,
    private readonly sink: string,
  ) {}

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** A letter of the key is going to be put, of an event that failed there or only follows; `placed` must come after it. */
  park(key: string, at: FailedAt, follows: boolean): void {
    const known = this.#keys.get(key);
    const parked = known ?? { at, puts: 0, touched: 0 };
    if (!follows && at.stage > parked.at.stage) parked.at = at;
    parked.puts += 1;
    parked.touched = ++this.#clock;
    if (known === undefined) this.#keys.set(key, parked);
  }

  /** The letter is in the store. */
  placed(key: string): void {
    const parked = this.#keys.get(key);
    if (parked === undefined) return;
    parked.puts -= 1;
    parked.touched = ++this.#clock;
  }

  /** The store has a letter of the key. */
  learn(key: string): void {
    if (!this.#keys.has(key)) this.#keys.set(key, { at: EVERYWHERE, puts: 0, touched: ++this.#clock });
  }

  /** Whether an event of the key that comes to stage `stage` in this delivery follows a parked one. */
  holds(key: string, stage: number, delivery: Pick<Delivery<unknown>, 'entries'>): boolean {
    const parked = this.#keys.get(key);
    if (parked === undefined) return false;
    const { at } = parked;
    if (at === EVERYWHERE) return true;
    return (
      stage === at.stage + 1 &&
      (delivery.entries.every(({ ledger }) => ledger !== at.ledger) || oldest(delivery) > at.seq)
    );
  }

  /** Whether an event of the key that is about to be written, by the sink with that number, follows a parked one. */
  holdsAtSink(key: string, sinkStage: number): boolean {
    const parked = this.#keys.get(key);
    return parked !== undefined && parked.at.stage >= sinkStage;
  }

  /** Takes over what the store says: keys that another instance parked, and those whose last letter was replayed or discarded. */
  async sync(): Promise<void> {
    const began = ++this.#clock;
    const stored = await this.store.parkedKeys(this.pipeline, this.sink);
    for (const key of stored) this.learn(key);
    for (const [key, { puts, touched }] of this.#keys) {
      if (puts === 0 && touched < began && !stored.has(key)) this.#keys.delete(key);
    }
  }
}

interface ParkedKey {
  at: FailedAt;
  /** Letters that are on their way to the store. */
  puts: number;
  /** When one was last begun or ended. */
  touched: number;
}

const EVERYWHERE: FailedAt = { stage: Number.POSITIVE_INFINITY, ledger: undefined, seq: -1 };

function oldest({ entries }: Pick<Delivery<unknown>, 'entries'>): number {
  return entries.reduce((seq, entry) => Math.min(seq, entry.seq), Number.POSITIVE_INFINITY);
}
