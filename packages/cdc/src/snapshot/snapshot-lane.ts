import type { Frame, Lane, LaneReader, Position, Revocation } from '@sluice/contracts';
import type { Change } from '../change/change.js';
import type { PublishedTable } from '../publication/published-tables.js';
import { readTable, type TableSnapshot } from './read-table.js';

/** The lane of one table's snapshot. Nothing is confirmed: an interrupted snapshot is taken again from its beginning. */
export class SnapshotLane implements LaneReader<Change> {
  readonly lane: Lane;
  readonly generation = 1n;
  readonly revoked = new Promise<Revocation>(() => {});
  readonly #ending: AbortSignal;
  readonly #open: () => Promise<TableSnapshot>;

  /** `open` makes the slot and its snapshot, the first time that any lane asks. */
  constructor(table: PublishedTable, ending: AbortSignal, open: () => Promise<TableSnapshot>) {
    this.#ending = ending;
    this.lane = snapshotLane(table);
    this.#open = open;
  }

  async *frames(): AsyncGenerator<Frame<Change>> {
    try {
      yield* readTable(await this.#open());
    } catch (error) {
      // Ended on purpose: whatever broke, nobody waits for it.
      if (!this.#ending.aborted) throw error;
    }
  }

  confirm(_upTo: Position): Promise<void> {
    return Promise.resolve();
  }
}

/** `snapshot:schema.name` */
export function snapshotLane(table: { readonly schema: string; readonly name: string }): Lane {
  return `snapshot:${table.schema}.${table.name}`;
}
