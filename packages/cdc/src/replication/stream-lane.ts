import {
  ComponentError,
  type Frame,
  type Lane,
  type LaneReader,
  type Position,
  paddedPosition,
  type Revocation,
} from '@sluice/contracts';
import type { Change } from '../change/change.js';
import type { History } from '../change/stream-origin.js';
import { disconnect, withConnection } from '../connection/connect.js';
import { connectReplication, type ReplicationClient } from '../connection/replication-client.js';
import type { Connection } from '../connection/settings.js';
import { isTransient, mapError } from '../failure/map-error.js';
import { ChangeDecoder } from '../pgoutput/change-decoder.js';
import { Progress } from '../pgoutput/progress.js';
import { primaryKey } from '../publication/published-tables.js';
import { backoffMs, type ReconnectOptions } from './backoff.js';
import { pause } from './pause.js';
import { StandbyStatus } from './standby-status.js';
import { StreamLink, type StreamRequest } from './stream-link.js';

export interface StreamLaneOptions {
  readonly lane: Lane;
  readonly after: readonly Lane[];
  readonly connection: Connection;
  readonly request: StreamRequest;
  readonly reconnect: Required<ReconnectOptions>;
  readonly temporary: boolean;
  readonly messages: boolean;
  readonly history: History;
  readonly maxBatchBytes: number;
  readonly confirmed: Position | undefined;
  /** Known once the slot exists. */
  readonly start: () => Position | undefined;
  /** Makes the slot if need be, and tells where to read from and through which connection. */
  readonly begin: () => Promise<StreamBeginning>;
  /** Whether a connection made later leads to the same history. */
  readonly sameHistory: (client: ReplicationClient) => boolean;
}

/** How the reading of a slot begins. */
export interface StreamBeginning {
  readonly position: Position;
  /** What was committed below may be in the snapshot already; 0 for nothing. */
  readonly seenBelow: number;
  readonly link: ReplicationClient | undefined;
}

/**
 * Reads a slot. A lost connection is made again here, at the last position that was delivered, so that whoever pulls
 * notices nothing but the pause.
 */
export class StreamLane implements LaneReader<Change> {
  readonly lane: Lane;
  readonly generation = 1n;
  readonly after: readonly Lane[];
  readonly confirmed?: Position;
  readonly revoked = new Promise<Revocation>(() => {});
  readonly #options: StreamLaneOptions;
  readonly #closing = new AbortController();
  #status: StandbyStatus | undefined;
  #progress: Progress | undefined;
  #link: StreamLink | undefined;
  #awaited = 0;

  constructor(options: StreamLaneOptions) {
    this.lane = options.lane;
    this.after = options.after;
    this.#options = options;
    if (options.confirmed) this.confirmed = options.confirmed;
  }

  // An optional property may be missing, and a getter may not: the interface knows no other undefined.
  get start(): Position {
    return this.#options.start() as Position;
  }

  async *frames(): AsyncGenerator<Frame<Change>> {
    try {
      yield* this.#frames();
    } catch (error) {
      // Ended on purpose: whatever broke, nobody waits for it.
      if (!this.#closing.signal.aborted) throw error;
    } finally {
      this.#link?.close();
    }
  }

  /** Takes note; the server is told within the status interval. */
  confirm(upTo: Position): Promise<void> {
    if (this.#status) this.#status.flushed = Math.max(this.#status.flushed, lsnOf(upTo));
    return Promise.resolve();
  }

  /** Asks for the position to be told as soon as `lsn` is reached, rather than within a second. */
  await(lsn: number): void {
    this.#awaited = lsn;
    this.#progress?.await(lsn);
    this.#link?.ask();
  }

  /** Ends `frames`. */
  close(): void {
    this.#closing.abort();
    this.#link?.close();
  }

  async *#frames(): AsyncGenerator<Frame<Change>> {
    const { position, seenBelow, link } = await this.#options.begin();
    const resume = lsnOf(position);
    this.#status = new StandbyStatus(this.#options.confirmed ? lsnOf(this.#options.confirmed) : resume);
    this.#progress = new Progress(resume, position.within);
    this.#progress.await(this.#awaited);
    const decoder = new ChangeDecoder({ ...this.#options, seenBelow }, this.#progress);
    for (let given = link; ; given = undefined) {
      this.#link = await this.#connect(given, this.#progress, this.#status);
      if (!this.#link) return;
      yield* this.#read(this.#link, decoder, this.#progress);
      if (this.#closing.signal.aborted) return;
      decoder.restart();
    }
  }

  /** Ends when the link is lost or closed. */
  async *#read(link: StreamLink, decoder: ChangeDecoder, progress: Progress): AsyncGenerator<Frame<Change>> {
    for (;;) {
      if (this.#closing.signal.aborted) return;
      const failure = this.#decode(link, decoder);
      if (decoder.pendingRelation && (await this.#describeRelation(decoder))) continue;
      const frame = decoder.take() ?? (decoder.inTransaction ? undefined : progress.due(performance.now()));
      if (frame) yield frame;
      else if (failure && !isTransient(failure)) throw failure;
      else if (failure || decoder.pendingRelation) break;
      else if (!link.failure) await link.news();
    }
    link.close();
    if (this.#options.temporary && !this.#closing.signal.aborted) {
      throw new ComponentError('CDC_CONNECTION_LOST', 'the connection is gone, and with it the temporary slot');
    }
  }

  /** Returns why there will be no more, once all that came is decoded. */
  #decode(link: StreamLink, decoder: ChangeDecoder): ComponentError | undefined {
    // Read before decoding: what comes in between is looked at in the next round.
    const { failure } = link;
    if (!decoder.pendingRelation) link.decode(decoder, this.#options.maxBatchBytes);
    return failure;
  }

  /** False when the catalogue cannot be reached. */
  async #describeRelation(decoder: ChangeDecoder): Promise<boolean> {
    const relation = decoder.pendingRelation;
    if (!relation) return true;
    try {
      const key = await withConnection(this.#options.connection, (client) => primaryKey(client, relation.oid));
      decoder.addRelation(relation, key);
      return true;
    } catch (error) {
      const failure = mapError(error, 'query');
      if (isTransient(failure)) return false;
      throw failure;
    }
  }

  async #connect(
    first: ReplicationClient | undefined,
    progress: Progress,
    status: StandbyStatus,
  ): Promise<StreamLink | undefined> {
    const { reconnect, request, connection } = this.#options;
    const since = performance.now();
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      const given = attempt === 0 ? first : undefined;
      try {
        const client = given ?? (await connectReplication(connection));
        this.#check(client);
        const link = await StreamLink.start(client, request, progress.resume, status);
        if (!this.#closing.signal.aborted) return link;
        link.close();
      } catch (error) {
        const failure = mapError(error, 'stream');
        const tired = performance.now() - since > reconnect.giveUpAfterMs;
        const lostWithIt = this.#options.temporary;
        if (tired || lostWithIt || !isTransient(failure)) throw failure;
        await pause(backoffMs(attempt, reconnect), this.#closing.signal);
      }
    }
    return undefined;
  }

  #check(client: ReplicationClient): void {
    if (this.#options.sameHistory(client)) return;
    disconnect(client.client);
    throw new ComponentError('CDC_CLUSTER_CHANGED', 'the server is another one, or was promoted', {
      details: { systemId: client.identity.systemId, timeline: client.identity.timeline },
    });
  }
}

function lsnOf(position: Position): number {
  return Number.parseInt(position.resume, 16);
}

/** A log position as a position of the stream. */
export function streamPosition(lsn: number): Position {
  return { resume: paddedPosition(lsn), within: 0 };
}
