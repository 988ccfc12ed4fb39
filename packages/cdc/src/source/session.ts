import type { Lane, LaneReader, Position, SourceContext, SourceSession } from '@sluice/contracts';
import type { Change } from '../change/change.js';
import type { SnapshotPlace } from '../change/snapshot-origin.js';
import type { History } from '../change/stream-origin.js';
import { disconnect, query, withConnection } from '../connection/connect.js';
import type { ReplicationClient } from '../connection/replication-client.js';
import type { PublishedTable } from '../publication/published-tables.js';
import { StreamLane, streamPosition } from '../replication/stream-lane.js';
import { createSlotPatiently } from '../slot/patient-creation.js';
import { CURRENT_LSN, exportSnapshot } from '../snapshot/export-snapshot.js';
import { SnapshotLane, type SnapshotLanes, snapshotLane } from '../snapshot/snapshot-lane.js';
import { Turns } from '../snapshot/turns.js';
import { parseLsn } from '../wire/lsn.js';
import type { Settings } from './options.js';
import type { StartPlan } from './start-plan.js';

/** What was found out when the session was opened. */
export interface Opened {
  readonly settings: Settings;
  readonly context: SourceContext;
  readonly plan: StartPlan;
  readonly tables: readonly PublishedTable[];
  readonly replication: ReplicationClient;
  readonly slotConfirmed: number | undefined;
}

/** Where the stream begins, and the snapshot that goes before it. */
interface Beginning {
  readonly position: Position;
  readonly snapshot?: { readonly name: string; readonly place: SnapshotPlace };
  /** The snapshot may contain what was committed below; 0 when it is not newer than the stream's beginning. */
  readonly seenBelow: number;
  release(): void;
}

/**
 * One opened source.
 *
 * The slot is created when the first lane is read, not before: by then the lanes have been announced to the checkpoint
 * store, so that a start that dies in between is recognised by the next.
 */
export class PostgresSession implements SourceSession<Change> {
  readonly identity: string;
  readonly #opened: Opened;
  readonly #history: History;
  readonly #ending = new AbortController();
  readonly #stream: StreamLane;
  #beginning: Promise<Beginning> | undefined;
  #begun: Beginning | undefined;
  #replication: ReplicationClient | undefined;

  constructor(opened: Opened) {
    const { settings, replication, context } = opened;
    const { systemId, timeline, database } = replication.identity;
    this.identity = identityOf(replication, settings.slot);
    this.#opened = opened;
    this.#replication = replication;
    this.#history = {
      source: `postgres:///${encodeURIComponent(database)}/${settings.slot}`,
      epoch: `${systemId}/${timeline}`,
    };
    this.#stream = this.#streamLane();
    context.signal.addEventListener('abort', () => this.#end(), { once: true, signal: this.#ending.signal });
    if (context.signal.aborted) this.#end();
  }

  /** The stream first: it must be on record before the first read of a snapshot creates the slot. */
  async *lanes(): AsyncGenerator<LaneReader<Change>> {
    const { plan, tables } = this.#opened;
    yield this.#stream;
    const shared = this.#snapshotLanes();
    if (plan.snapshot) for (const table of tables) yield new SnapshotLane(table, shared);
  }

  /** WAL between two places of the stream; of a snapshot there is no log. */
  bytesBetween(lane: Lane, from: Position, to: Position): number | undefined {
    if (lane !== this.#stream.lane) return undefined;
    return Math.max(0, Number.parseInt(to.resume, 16) - Number.parseInt(from.resume, 16));
  }

  async head(): Promise<ReadonlyMap<Lane, Position>> {
    const lsn = await withConnection(this.#opened.settings.connection, async (client) => {
      const [row] = await query(client, 'query', `SELECT ${CURRENT_LSN}::text AS lsn`);
      return parseLsn(row?.['lsn'] ?? '0/0');
    });
    this.#stream.await(lsn);
    return new Map([[this.#stream.lane, streamPosition(lsn)]]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  #end(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#stream.close();
    this.#begun?.release();
    if (this.#replication) disconnect(this.#replication.client);
    this.#replication = undefined;
  }

  #snapshotLanes(): SnapshotLanes {
    const { settings, context } = this.#opened;
    return {
      turns: new Turns(settings.snapshotConnections, this.#ending.signal),
      ending: this.#ending.signal,
      open: async (table) => {
        const { snapshot } = await this.#begin();
        return {
          connection: settings.connection,
          wire: { ...settings.wire, coalesceMs: 0 },
          history: this.#history,
          table,
          snapshot: snapshot?.name ?? '',
          place: snapshot?.place ?? { lsn: 0, streamStart: 0, time: new Date(0) },
          maxBatchBytes: context.maxBatchBytes,
          signal: this.#ending.signal,
        };
      },
    };
  }

  #streamLane(): StreamLane {
    const { settings, plan, tables, slotConfirmed, context, replication } = this.#opened;
    const { slot, publication, wire, statusIntervalMs, linkTimeoutMs } = settings;
    return new StreamLane({
      ...settings,
      lane: streamLane(slot),
      after: plan.snapshot ? tables.map(snapshotLane) : [],
      request: { slot, publication, wire, statusIntervalMs, linkTimeoutMs },
      history: this.#history,
      maxBatchBytes: context.maxBatchBytes,
      notice: context.notice,
      trouble: context.trouble,
      confirmed: slotConfirmed === undefined ? undefined : streamPosition(slotConfirmed),
      cuts: context.cuts?.get(streamLane(slot)),
      start: () => (plan.kind === 'existing' ? plan.position : this.#begun?.position),
      begin: async () => {
        const { position, seenBelow, release } = await this.#begin();
        release();
        const link = this.#replication;
        this.#replication = undefined;
        return { position, seenBelow, link };
      },
      sameHistory: ({ identity }) =>
        identity.systemId === replication.identity.systemId && identity.timeline === replication.identity.timeline,
    });
  }

  #begin(): Promise<Beginning> {
    this.#beginning ??= this.#opened.plan.kind === 'create' ? this.#create() : this.#adopt(this.#opened.plan);
    return this.#beginning;
  }

  async #create(): Promise<Beginning> {
    const { settings, plan, context, replication } = this.#opened;
    const slot = await createSlotPatiently(replication.client, settings.connection, settings.slot, {
      temporary: settings.temporary,
      snapshot: plan.snapshot,
      serverVersion: replication.serverVersion,
      notice: context.notice,
    });
    const at = slot.consistentPoint;
    const snapshot = this.#snapshot(slot.snapshot, at, at);
    return this.#note({ position: streamPosition(at), seenBelow: 0, release: () => {}, ...snapshot });
  }

  async #adopt({
    position,
    snapshot,
  }: {
    readonly position: Position;
    readonly snapshot: boolean;
  }): Promise<Beginning> {
    if (!snapshot) return this.#note({ position, seenBelow: 0, release: () => {} });
    const exported = await exportSnapshot(this.#opened.settings.connection, this.#ending.signal);
    const streamStart = Number.parseInt(position.resume, 16);
    const { name, lsn, seenBelow, release } = exported;
    return this.#note({ position, seenBelow, release, ...this.#snapshot(name, lsn, streamStart) });
  }

  #snapshot(name: string | null, lsn: number, streamStart: number): Pick<Beginning, 'snapshot'> {
    return name === null ? {} : { snapshot: { name, place: { lsn, streamStart, time: new Date() } } };
  }

  #note(beginning: Beginning): Beginning {
    this.#begun = beginning;
    if (this.#ending.signal.aborted) beginning.release();
    return beginning;
  }
}

/** Names the history that positions belong to: cluster, timeline, slot. */
export function identityOf({ identity: { systemId, timeline } }: ReplicationClient, slot: string): string {
  return `postgres:${systemId}:${timeline}:${slot}`;
}

/** `slot:name` */
export function streamLane(slot: string): Lane {
  return `slot:${slot}`;
}
