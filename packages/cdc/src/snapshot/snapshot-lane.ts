import type { Frame, Lane, LaneReader, Position, Revocation } from '@sluice/contracts';
import type { Change } from '../change/change.js';
import type { PublishedTable } from '../publication/published-tables.js';
import { readTable, type TableSnapshot } from './read-table.js';
import type { Turns } from './turns.js';

/** What the snapshot lanes of one session share. */
export interface SnapshotLanes {
  /** How many are read at once. */
  readonly turns: Turns;
  readonly ending: AbortSignal;
  /** Makes the slot and its snapshot, the first time that any lane asks. */
  open(table: PublishedTable): Promise<TableSnapshot>;
}

/** The lane of one table's snapshot. Nothing is confirmed: an interrupted snapshot is taken again from its beginning. */
export class SnapshotLane implements LaneReader<Change> {
  readonly lane: Lane;
  readonly generation = 1n;
  readonly revoked = new Promise<Revocation>(() => {});
  readonly #table: PublishedTable;
  readonly #shared: SnapshotLanes;

  constructor(table: PublishedTable, shared: SnapshotLanes) {
    this.lane = snapshotLane(table);
    this.#table = table;
    this.#shared = shared;
  }

  async *frames(): AsyncGenerator<Frame<Change>> {
    const { turns, ending } = this.#shared;
    const turn = await turns.take();
    try {
      if (!ending.aborted) yield* readTable(await this.#shared.open(this.#table));
    } catch (error) {
      // Ended on purpose: whatever broke, nobody waits for it.
      if (!ending.aborted) throw error;
    } finally {
      turn();
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
