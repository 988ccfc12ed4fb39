import { ComponentError, isComponentError } from '@sluice/contracts';
import { quoteName, quoteText } from '../connection/quote.js';
import type { ReplicationClient } from '../connection/replication-client.js';
import { mapServerError } from '../failure/map-error.js';
import { type ChangeDecoder, EVENT_OVERHEAD } from '../pgoutput/change-decoder.js';
import { i32, u8, u64 } from '../wire/bytes.js';
import { readErrorResponse } from '../wire/error-response.js';
import { formatLsn } from '../wire/lsn.js';
import * as code from '../wire/message-codes.js';
import { RawSocket, type RawSocketOptions } from '../wire/raw-socket.js';
import { livenessOf } from './liveness.js';
import type { StandbyStatus } from './standby-status.js';

/** What to stream, and how to keep the link alive. */
export interface StreamRequest {
  readonly slot: string;
  readonly publication: string;
  readonly wire: RawSocketOptions;
  readonly statusIntervalMs: number;
  readonly linkTimeoutMs: number;
}

/**
 * A server that shuts down asks again as soon as it was answered, until all it has sent is confirmed, and does not end
 * before. One that runs asks at most once in half its time-out.
 */
const ASKED_BY_A_STOPPING_SERVER = 3;
/** Asked later than this (milliseconds) is not asked again. */
const ASKED_AGAIN_MS = 5000;

/** CopyDone: the client is done with the stream. */
const COPY_DONE = Uint8Array.of(code.COPY_DONE, 0, 0, 0, 4);

/** One connection that streams. It ends when the connection does; {@link StreamLane} makes the next. */
export class StreamLink {
  readonly #socket: RawSocket;
  readonly #status: StandbyStatus;
  readonly #timer: NodeJS.Timeout;
  readonly #linkTimeoutMs: number;
  readonly #intervalMs: number;
  readonly #askedAgainMs: number;
  #tickedAt = performance.now();
  #dead: ComponentError | undefined;
  /** How often the server asked in a row, and when it last did. */
  #asked = 0;
  #decodes = 0;
  #decodesAtTick = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  private constructor(socket: RawSocket, status: StandbyStatus, request: StreamRequest, walSenderTimeoutMs: number) {
    // A server that ends silent links soon must hear from us sooner, and one that says nothing must be asked in time.
    const patience = walSenderTimeoutMs > 0 ? walSenderTimeoutMs : Number.POSITIVE_INFINITY;
    this.#socket = socket;
    this.#status = status;
    this.#linkTimeoutMs = request.linkTimeoutMs;
    this.#askedAgainMs = Math.min(ASKED_AGAIN_MS, patience / 4);
    this.#intervalMs = Math.min(request.statusIntervalMs, patience / 3, request.linkTimeoutMs / 4);
    this.#timer = setInterval(() => this.#tick(), this.#intervalMs);
  }

  /**
   * Starts to stream from `lsn`.
   *
   * @throws ComponentError `CDC_SLOT_ACTIVE`, `CDC_SLOT_MISSING`, `CDC_SLOT_INVALIDATED`, `CDC_CONNECTION_LOST`
   */
  static async start(
    from: ReplicationClient,
    request: StreamRequest,
    lsn: number,
    status: StandbyStatus,
  ): Promise<StreamLink> {
    const socket = new RawSocket(from.client, request.wire);
    socket.query(startCommand(request, lsn, from.serverVersion));
    try {
      await started(socket, request.slot);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new StreamLink(socket, status, request, from.walSenderTimeoutMs);
  }

  /** Why there will be no more. What has come before can still be decoded. */
  get failure(): ComponentError | undefined {
    return this.#dead ?? this.#socket.failure;
  }

  /** Resolves when it is worth decoding again. */
  news(): Promise<void> {
    return this.#socket.news();
  }

  /** Asks the server how far it is. */
  ask(): void {
    this.#socket.write(this.#status.message(true));
    this.#socket.nudge();
  }

  /**
   * Decodes what has come, until the events take `maxBytes` or a relation waits for the catalogue. Nothing is decoded
   * behind an error: it becomes the `failure`.
   */
  decode(decoder: ChangeDecoder, maxBytes: number): void {
    this.#decodes++;
    if (this.#dead) return;
    try {
      this.#decode(decoder, maxBytes);
    } catch (error) {
      this.#dead = isComponentError(error) ? error : undecodable(error);
    }
    this.#socket.proceedIfLow();
  }

  /** Says how far it came, and ends. */
  close(): void {
    clearInterval(this.#timer);
    this.#socket.close(Buffer.concat([this.#status.message(false), COPY_DONE]));
  }

  #decode(decoder: ChangeDecoder, maxBytes: number): void {
    const { slab } = this.#socket;
    const { cutting } = decoder.progress;
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const { buffer, head } = slab;
      if (u8(buffer, head) === code.COPY_DATA && u8(buffer, head + 5) === code.XLOG_DATA) {
        if (decoder.count > 0 && decoder.bytes + end - head + EVENT_OVERHEAD > maxBytes) return;
        if (cutting && decoder.cutBefore(buffer, head + 30)) return;
        decoder.decode(buffer, head + 30, end);
        slab.head = end;
        if (decoder.pendingRelation || (cutting && decoder.progress.atCut)) return;
      } else {
        slab.head = end;
        this.#control(decoder, head);
        if (cutting && decoder.progress.atCut) return;
      }
    }
  }

  #control(decoder: ChangeDecoder, head: number): void {
    const { buffer } = this.#socket.slab;
    switch (u8(buffer, head)) {
      case code.COPY_DATA:
        if (u8(buffer, head + 5) !== code.KEEPALIVE) throw unknownKind(u8(buffer, head + 5));
        this.#keepalive(decoder, u64(buffer, head + 6), u8(buffer, head + 22) === 1);
        return;
      case code.ERROR_RESPONSE:
        throw mapServerError(readErrorResponse(buffer, head), 'stream');
      case code.NOTICE_RESPONSE:
        this.#notice(head);
        return;
      case code.COPY_DONE:
        this.#dead = new ComponentError('CDC_CONNECTION_LOST', 'the server ended the stream');
        return;
      case code.PARAMETER_STATUS: // a setting was reloaded
      case code.COMMAND_COMPLETE:
      case code.READY_FOR_QUERY:
        return;
      default:
        throw unknownKind(u8(buffer, head));
    }
  }

  /** Since Postgres 18 a publication that is gone is a mere warning, and its changes are skipped. */
  #notice(head: number): void {
    const { sqlState } = readErrorResponse(this.#socket.slab.buffer, head);
    if (sqlState !== '55000') return;
    throw new ComponentError('CDC_PUBLICATION_MISSING', 'the server skips a publication that it cannot find', {
      details: { sqlState },
    });
  }

  #keepalive(decoder: ChangeDecoder, walEnd: number, replyWanted: boolean): void {
    this.#status.received = Math.max(this.#status.received, walEnd);
    if (!decoder.inTransaction) decoder.progress.idle(walEnd);
    if (!replyWanted) return;
    this.#socket.write(this.#status.message(false));
    const now = performance.now();
    if (now - this.#askedAt > this.#askedAgainMs) this.#asked = 0;
    this.#askedAt = now;
    if (++this.#asked < ASKED_BY_A_STOPPING_SERVER) return;
    this.#dead ??= stopping();
  }

  /** Whether a stopping server asks in what nobody has decoded yet: a consumer that holds back must not keep it up. */
  #isStoppingUnread(): boolean {
    const { buffer, head, tail } = this.#socket.slab;
    let asked = 0;
    for (let at = head; at + 23 <= tail; at += 1 + i32(buffer, at + 1)) {
      if (u8(buffer, at + 5) !== code.KEEPALIVE) asked = 0;
      else if (u8(buffer, at + 22) === 1) asked++;
    }
    return asked >= ASKED_BY_A_STOPPING_SERVER;
  }

  #letGo(): void {
    this.#dead ??= stopping();
    this.close();
  }

  #tick(): void {
    const now = performance.now();
    // A process that was busy has not listened: what came meanwhile is still to be read.
    if (now - this.#tickedAt > this.#intervalMs + this.#linkTimeoutMs / 4) this.#socket.lastByteAt = now;
    this.#tickedAt = now;
    const silent = now - this.#socket.lastByteAt;
    const liveness = livenessOf(silent, this.#linkTimeoutMs, this.#socket.paused);
    if (liveness === 'dead' && !this.#dead) {
      this.#dead = new ComponentError('CDC_CONNECTION_LOST', 'the server fell silent', {
        details: { silentMs: Math.round(silent) },
      });
    }
    this.#socket.write(this.#status.message(liveness === 'ask'));
    if (this.#decodes === this.#decodesAtTick && this.#isStoppingUnread()) this.#letGo();
    this.#decodesAtTick = this.#decodes;
    this.#socket.nudge();
  }
}

/** What is not settled cannot be confirmed, so we let go: the slot keeps it until the server is back. */
function stopping(): ComponentError {
  return new ComponentError('CDC_CONNECTION_LOST', 'the server is shutting down');
}

/** Never for another attempt: the same bytes would come again. */
/** Skipping it would be losing it: what stands there may be a change whose first byte was damaged on the way. */
function unknownKind(kind: number): ComponentError {
  return new ComponentError('CDC_PROTOCOL', 'a message of unknown kind', { details: { kind } });
}

function undecodable(cause: unknown): ComponentError {
  const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : typeof cause;
  return new ComponentError('CDC_PROTOCOL', 'a change could not be decoded', { details: { reason } });
}

function startCommand(request: StreamRequest, lsn: number, serverVersion: number): string {
  const messages = serverVersion >= 140_000 ? `, messages 'true'` : '';
  const publications = quoteText(quoteName(request.publication));
  const options = `proto_version '1', publication_names ${publications}${messages}`;
  return `START_REPLICATION SLOT ${quoteName(request.slot)} LOGICAL ${formatLsn(lsn)} (${options})`;
}

async function started(socket: RawSocket, slot: string): Promise<void> {
  const { slab } = socket;
  for (;;) {
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const { buffer, head } = slab;
      slab.head = end;
      if (u8(buffer, head) === code.COPY_BOTH_RESPONSE) return;
      if (u8(buffer, head) === code.ERROR_RESPONSE) {
        throw mapServerError(readErrorResponse(buffer, head), 'start', { slot });
      }
    }
    if (socket.failure) throw socket.failure;
    await socket.news();
  }
}
