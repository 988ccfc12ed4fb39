import { ComponentError } from '@sluice/contracts';

/** One row of a write: how often this member is to be counted under this key. */
export interface Counted {
  readonly key: string;
  /** The hash, in hex. */
  readonly member: string;
  times: number;
}

/** How counts are gathered. */
export interface GatheringOptions {
  /** Rows of one write, at most. */
  readonly maxRows: number;
  /** Calls that wait, at most. */
  readonly maxWaiting: number;
  readonly write: (counted: readonly Counted[]) => Promise<void>;
}

/** Counts that are gathered while a write is under way. */
export interface GatheredCounts {
  /** Resolves when the write that has this one in it is done, and rejects as that does. Throws `COUNTERS_BEHIND`. */
  add(key: string, member: string): Promise<void>;
  /** Resolves when nothing waits any more; that something failed is told to those who called. */
  settled(): Promise<void>;
}

/** One write at a time: what comes meanwhile is the next one, and the same key and member are one row in it. */
export function gatheredCounts({ maxRows, maxWaiting, write }: GatheringOptions): GatheredCounts {
  const filling: Batch[] = [];
  let waiting = 0;
  let running: Promise<void> | undefined;

  async function work(): Promise<void> {
    // Calls of the same turn are one write, the first included.
    await Promise.resolve();
    for (let batch = filling.shift(); batch; batch = filling.shift()) {
      const { rows, calls, done, failed } = batch;
      await write([...rows.values()]).then(done, failed);
      waiting -= calls;
    }
    running = undefined;
  }

  return {
    add(key, member) {
      if (waiting >= maxWaiting) {
        throw new ComponentError('COUNTERS_BEHIND', `${waiting} counts wait, of at most ${maxWaiting}`, {
          details: { maxWaiting },
        });
      }
      waiting += 1;
      const id = `${member}${key}`;
      let batch = filling.at(-1);
      if (batch === undefined || (batch.rows.size >= maxRows && !batch.rows.has(id))) {
        batch = newBatch();
        filling.push(batch);
      }
      const row = batch.rows.get(id);
      if (row) row.times += 1;
      else batch.rows.set(id, { key, member, times: 1 });
      batch.calls += 1;
      running ??= work();
      return batch.outcome;
    },
    settled: async () => running,
  };
}

interface Batch {
  /** By member, whose length is always the same, and key. */
  readonly rows: Map<string, Counted>;
  calls: number;
  readonly outcome: Promise<void>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

function newBatch(): Batch {
  let done = () => {};
  let failed = (_: unknown) => {};
  const outcome = new Promise<void>((resolve, reject) => {
    done = resolve;
    failed = reject;
  });
  return { rows: new Map(), calls: 0, outcome, done, failed };
}
