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
import { abortable } from '../connection/abortable.js';
import { disconnect, withConnection } from '../connection/connect.js';
import { connectReplication, type ReplicationClient } from '../connection/replication-client.js';
import type { Connection } from '../connection/settings.js';
import { isTransient, mapError } from '../failure/map-error.js';
import { ChangeDecoder } from '../pgoutput/change-decoder.js';
import { Progress } from '../pgoutput/progress.js';
import { primaryKey } from '../publication/published-tables.js';
import { findSlot } from '../slot/slot.js';
import type { ReconnectOptions } from './backoff.js';
import { Outage } from './outage.js';
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
  readonly notice: (message: string) => void;
  /** Told what keeps the stream from being read, once it is tried again with pauses; undefined when it gets on. */
  readonly trouble: ((error: ComponentError | undefined) => void) | undefined;
  readonly confirmed: Position | undefined;
  /** Places at which a frame must end. */
  readonly cuts: readonly Position[] | undefined;
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
  #troubled = false;
  readonly #outage: Outage;
  #status: StandbyStatus | undefined;
  #progress: Progress | undefined;
  #link: StreamLink | undefined;
  #awaited = 0;

  constructor(options: StreamLaneOptions) {
    this.lane = options.lane;
    this.after = options.after;
    this.#options = options;
    this.#outage = new Outage(options.reconnect);
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
    this.#progress = new Progress(resume, position.within, this.#options.cuts);
    this.#progress.await(this.#awaited);
    const decoder = new ChangeDecoder({ ...this.#options, seenBelow }, this.#progress);
    for (let given = link; ; given = undefined) {
      this.#link = await this.#connect(given, this.#progress, this.#status);
      if (!this.#link) return;
      const since = performance.now();
      const failure = yield* this.#read(this.#link, decoder, this.#progress);
      if (this.#closing.signal.aborted) return;
      // A link that lasted was not part of an outage, though it had nothing to say.
      if (performance.now() - since > this.#options.reconnect.maxDelayMs) this.#gotOn();
      await this.#waitAfter(failure);
      decoder.restart();
    }
  }

  /** Ends when the link is lost or closed, and returns why. */
  async *#read(
    link: StreamLink,
    decoder: ChangeDecoder,
    progress: Progress,
  ): AsyncGenerator<Frame<Change>, ComponentError> {
    let lost = new ComponentError('CDC_CONNECTION_LOST', 'the connection was closed');
    while (!this.#closing.signal.aborted) {
      const failure = this.#decode(link, decoder);
      if (decoder.pendingRelation && (await this.#describeRelation(decoder))) continue;
      const due = () => (decoder.inTransaction ? undefined : progress.due(performance.now()));
      const frame = decoder.take() ?? progress.ofCut() ?? due();
      if (frame) {
        this.#gotOn();
        yield frame;
      } else if (failure && !isTransient(failure)) throw failure;
      else if (failure || decoder.pendingRelation) {
        lost = failure ?? lost;
        break;
      } else if (!link.failure) await link.news();
    }
    link.close();
    if (this.#options.temporary && !this.#closing.signal.aborted) {
      throw new ComponentError('CDC_CONNECTION_LOST', 'the connection is gone, and with it the temporary slot');
    }
    return lost;
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
    const { connection } = this.#options;
    try {
      const limits = { signal: this.#closing.signal, timeoutMs: this.#options.request.linkTimeoutMs };
      const key = await withConnection(connection, (client) => primaryKey(client, relation.oid), limits);
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
    const { request, connection } = this.#options;
    const limits = { signal: this.#closing.signal, timeoutMs: request.linkTimeoutMs };
    for (let given = first; !this.#closing.signal.aborted; given = undefined) {
      try {
        const client = given ?? (await connectReplication(connection, limits));
        const link = await abortable(client.client, limits, async () => {
          await this.#check(client, progress.resume);
          return StreamLink.start(client, request, progress.resume, status);
        });
        if (!this.#closing.signal.aborted) return link;
        link.close();
      } catch (error) {
        const failure = mapError(error, 'stream');
        if (this.#options.temporary || !isTransient(failure)) throw failure;
        await this.#waitAfter(failure);
      }
    }
    return undefined;
  }

  #gotOn(): void {
    this.#outage.over();
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#options.trouble?.(undefined);
  }

  /** Throws what failed when it has failed for too long. */
  async #waitAfter(failure: ComponentError): Promise<void> {
    const ms = this.#outage.failed(performance.now());
    if (ms === undefined) throw failure;
    const { request, reconnect, notice, trouble } = this.#options;
    if (this.#outage.isNews) {
      const upTo = `${reconnect.giveUpAfterMs / 1_000} s`;
      notice(`slot ${request.slot} can't be read for now (${failure.code}); tried again for up to ${upTo}`);
    }
    if (ms > 0) {
      this.#troubled = true;
      trouble?.(failure);
    }
    await pause(ms, this.#closing.signal);
  }

  /** Whether the stream can go on there: Postgres itself would skip in silence what lies below the slot's position. */
  async #check(client: ReplicationClient, resume: number): Promise<void> {
    try {
      this.#checkHistory(client);
      if (!this.#options.temporary) await this.#checkSlot(client, resume);
    } catch (error) {
      disconnect(client.client);
      throw error;
    }
  }

  async #checkSlot({ client }: ReplicationClient, resume: number): Promise<void> {
    const { slot } = this.#options.request;
    const state = await findSlot(client, slot);
    if (state?.confirmed === undefined || state.confirmed <= resume) return;
    throw new ComponentError('CHECKPOINT_BEHIND', `slot ${slot} was moved on by someone else`, {
      details: { slot, position: paddedPosition(resume), confirmed: paddedPosition(state.confirmed) },
    });
  }

  #checkHistory(client: ReplicationClient): void {
    if (this.#options.sameHistory(client)) return;
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
