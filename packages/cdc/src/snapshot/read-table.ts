import { type BatchFrame, Envelope, paddedPosition } from '@sluice/contracts';
import type pg from 'pg';
import type { Change } from '../change/change.js';
import { SnapshotOrigin, type SnapshotPlace } from '../change/snapshot-origin.js';
import type { History } from '../change/stream-origin.js';
import { abortable } from '../connection/abortable.js';
import { connect, disconnect, query } from '../connection/connect.js';
import { quoteName, quoteTable, quoteText } from '../connection/quote.js';
import type { Connection } from '../connection/settings.js';
import { mapServerError } from '../failure/map-error.js';
import { EVENT_OVERHEAD } from '../pgoutput/change-decoder.js';
import type { PublishedTable } from '../publication/published-tables.js';
import { u8 } from '../wire/bytes.js';
import { readErrorResponse } from '../wire/error-response.js';
import { COPY_DATA, ERROR_RESPONSE, READY_FOR_QUERY } from '../wire/message-codes.js';
import { RawSocket, type RawSocketOptions } from '../wire/raw-socket.js';
import { copyRowReader } from './copy-row.js';

/** What it takes to read one table of a snapshot. */
export interface TableSnapshot {
  readonly connection: Connection;
  readonly wire: RawSocketOptions;
  readonly history: History;
  readonly table: PublishedTable;
  /** Name of the exported snapshot. */
  readonly snapshot: string;
  readonly place: SnapshotPlace;
  readonly maxBatchBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a table as the snapshot has it, by COPY over a connection of its own. Rows come as the publication would send them:
 * its columns, its row filter. Nothing is read ahead but a buffer of fixed size.
 *
 * Positions: `resume` is the snapshot's own log position, so that a later snapshot lies ahead of this one.
 */
export async function* readTable(from: TableSnapshot): AsyncGenerator<BatchFrame<Change>> {
  const limits = { signal: from.signal };
  const client = await connect(from.connection, false, limits);
  let socket: RawSocket | undefined;
  const stop = () => socket?.close();
  from.signal.addEventListener('abort', stop);
  try {
    await abortable(client, limits, () => adopt(client, from.snapshot));
    socket = new RawSocket(client, from.wire);
    socket.query(copyCommand(from.table));
    yield* frames(socket, from);
  } finally {
    from.signal.removeEventListener('abort', stop);
    if (socket) socket.close(new Uint8Array());
    else disconnect(client);
  }
}

async function adopt(client: pg.Client, snapshot: string): Promise<void> {
  await query(client, 'snapshot', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await query(client, 'snapshot', `SET TRANSACTION SNAPSHOT ${quoteText(snapshot)}`);
}

function copyCommand(table: PublishedTable): string {
  const columns = table.columns.map((column) => quoteName(column.name)).join(', ');
  const filter = table.rowFilter === null ? '' : ` WHERE ${table.rowFilter}`;
  return `COPY (SELECT ${columns} FROM ${table.partitioned ? '' : 'ONLY '}${quoteTable(table)}${filter}) TO STDOUT`;
}

async function* frames(socket: RawSocket, from: TableSnapshot): AsyncGenerator<BatchFrame<Change>> {
  const rows = new RowBatches(socket, from);
  for (;;) {
    const batch = rows.take();
    if (batch) yield batch;
    else if (rows.done) return;
    else if (socket.failure) throw socket.failure;
    else await socket.news();
  }
}

class RowBatches {
  done = false;
  #within = 0;
  #ordinal = 0;
  readonly #socket: RawSocket;
  readonly #resume: string;
  readonly #name: string;
  readonly #origin: SnapshotOrigin;
  readonly #readRow: ReturnType<typeof copyRowReader>;
  readonly #maxBatchBytes: number;

  constructor(socket: RawSocket, { table, history, place, maxBatchBytes }: TableSnapshot) {
    this.#socket = socket;
    this.#resume = paddedPosition(place.lsn);
    this.#name = `${table.schema}.${table.name}`;
    this.#origin = new SnapshotOrigin(history, { ...table, name: this.#name }, place);
    this.#readRow = copyRowReader(table.columns);
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** What has come, as one frame; `undefined` when nothing has. */
  take(): BatchFrame<Change> | undefined {
    const { slab } = this.#socket;
    const events: Envelope<Change>[] = [];
    let bytes = 0;
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const size = end - slab.head + EVENT_OVERHEAD;
      if (events.length > 0 && bytes + size > this.#maxBatchBytes) break;
      const event = this.#message(end);
      slab.head = end;
      if (event === undefined) continue;
      events.push(event);
      bytes += size;
    }
    if (events.length === 0) return undefined;
    this.#within += events.length;
    return { kind: 'batch', events, bytes, position: { resume: this.#resume, within: this.#within } };
  }

  #message(end: number): Envelope<Change> | undefined {
    const { buffer, head } = this.#socket.slab;
    switch (u8(buffer, head)) {
      case COPY_DATA: {
        const after = this.#readRow(buffer, head + 5, end);
        const change: Change = { op: 'read', table: this.#name, before: null, after };
        return new Envelope<Change>(change, this.#origin, this.#ordinal++);
      }
      case ERROR_RESPONSE:
        throw mapServerError(readErrorResponse(buffer, head), 'snapshot', { table: this.#name });
      case READY_FOR_QUERY:
        this.done = true;
        return undefined;
      default:
        return undefined;
    }
  }
}
