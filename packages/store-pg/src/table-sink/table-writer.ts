import {
  BatchError,
  ComponentError,
  type Envelope,
  isComponentError,
  SUPERSEDED,
  type WriteContext,
} from '@sluice/contracts';
import type { Pool, PoolClient } from 'pg';
import { saveCheckpoints } from '../checkpoints/save-statement.js';
import { inTransaction } from '../connection/connection.js';
import { fromPostgres, isDataError } from '../failure/postgres-errors.js';
import { stepsOf } from './net-effect.js';
import { type EncodedWrite, type Row, RowEncoder } from './row-change.js';
import type { Table } from './table.js';
import { moveRows, writeRows } from './write-rows.js';

/**
 * Writes events to one table, each write in one transaction with its checkpoints.
 *
 * First all at once: the changes of each key joined, a statement for each set of columns. Where Postgres refuses a value,
 * a row that must be there is not, or keys cannot be told by their text, event by event in their order, each behind a savepoint: so the bad ones get their
 * names, what is only refused out of order (a unique value that moves from row to row) is written after all, and what a
 * snapshot had already and is gone since is let go.
 */
export class TableWriter {
  readonly #encoder: RowEncoder;
  readonly #doing: string;

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly table: Table,
    wanted: ReadonlySet<string> | undefined,
  ) {
    this.#encoder = new RowEncoder(table, wanted);
    this.#doing = `writing to ${table.name.schema}.${table.name.table}`;
  }

  async write(events: readonly Envelope<Row>[], { checkpoints, signal }: WriteContext): Promise<void> {
    signal.throwIfAborted();
    const encoded = this.#encoder.encode(events);
    const finish = (client: PoolClient) => this.#saveCheckpoints(client, checkpoints);
    if (encoded.failures.size === 0 && encoded.keysAgree) {
      const done = await this.#allAtOnce(encoded, finish, signal);
      if (done) return;
    }
    const work = async (client: PoolClient) => {
      await this.#oneByOne(client, encoded, events);
      await finish(client);
    };
    await inTransaction(this.pool, this.#doing, work, signal);
  }

  /** False when Postgres refused a value, or a row was missing: nothing was written then. */
  async #allAtOnce(
    { changes }: EncodedWrite,
    finish: (client: PoolClient) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let refused = false;
    const work = async (client: PoolClient) => {
      try {
        await this.#apply(client, changes);
      } catch (error) {
        refused = isFaultOfEvent(error);
        throw error;
      }
      await finish(client);
    };
    return inTransaction(this.pool, this.#doing, work, signal).then(
      () => true,
      (error: unknown) => {
        if (refused) return false;
        throw error;
      },
    );
  }

  async #oneByOne(
    client: PoolClient,
    { changes, failures }: EncodedWrite,
    events: readonly Envelope<Row>[],
  ): Promise<void> {
    const failed = new Map(failures);
    for (const [index, change] of changes.entries()) {
      if (change === undefined) continue;
      await client.query('SAVEPOINT event');
      try {
        await this.#apply(client, [change]);
        await client.query('RELEASE SAVEPOINT event');
      } catch (error) {
        if (!isFaultOfEvent(error)) throw error;
        await client.query('ROLLBACK TO SAVEPOINT event');
        if (isRowMissing(error) && events[index]?.headers[SUPERSEDED] === 'true') continue;
        failed.set(index, fromPostgres(error, this.#doing));
      }
    }
    if (failed.size > 0) throw new BatchError(failed);
  }

  async #apply(client: PoolClient, changes: EncodedWrite['changes']): Promise<void> {
    for (const step of stepsOf(changes, this.#encoder)) {
      if ('upserts' in step) await writeRows(client, this.table, step);
      else await moveRows(client, this.table, step);
    }
  }

  async #saveCheckpoints(client: PoolClient, writes: WriteContext['checkpoints']): Promise<void> {
    if ((await saveCheckpoints(client, this.schema, writes)) === 'saved') return;
    const lanes = writes.map(({ lane }) => lane);
    throw new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
      details: { lanes },
    });
  }
}

function isFaultOfEvent(error: unknown): boolean {
  return isDataError(error) || isRowMissing(error);
}

function isRowMissing(error: unknown): boolean {
  return isComponentError(error) && error.code === 'STORE_PG_ROW_MISSING';
}
