import type { Entry } from './ledger.js';

/**
 * Something that is done once everything that was made of some source batches is durable in the sink (or among the dead
 * letters), and before those count as settled: the source's position moves on only after it.
 *
 * It holds a claim of its own on each of the batches. Of batches whose lane was taken away it is never done: what is settled
 * there may never have been written.
 */
export class AfterDurable {
  #begun = false;

  constructor(
    readonly entries: readonly Entry[],
    private readonly action: () => Promise<void>,
  ) {
    for (const entry of entries) {
      entry.open += 1;
      entry.after ??= [];
      entry.after.push(this);
    }
  }

  /** Whether nothing but claims of this kind is left on its batches. Answers true once. */
  begins(): boolean {
    if (this.#begun || !this.entries.every((entry) => isDurable(entry))) return false;
    this.#begun = true;
    return true;
  }

  async run(): Promise<void> {
    await this.action();
    for (const entry of this.entries) {
      entry.after = entry.after?.filter((one) => one !== this);
      entry.ledger.release(entry);
    }
  }
}

function isDurable(entry: Entry): boolean {
  return !entry.ledger.abandoned && entry.open === (entry.after?.length ?? 0);
}
