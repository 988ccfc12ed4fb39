import { type BatchFrame, ComponentError, Envelope, type Headers } from '@sluice/contracts';
import type { Change } from '../change/change.js';
import { Repetition, SUPERSEDED_HEADERS } from '../change/repetition.js';
import type { History } from '../change/stream-origin.js';
import { StreamOrigin } from '../change/stream-origin.js';
import type { Transaction } from '../change/transaction.js';
import { i64, u8, u32, u64, type WireBuffer } from '../wire/bytes.js';
import * as code from '../wire/message-codes.js';
import { CONTEXT_PREFIX, contextHeaders, readLogicalMessage } from './logical-message.js';
import type { Progress } from './progress.js';
import { type RelationMessage, readRelation } from './relation.js';
import { needsCatalogue, RelationDecoder } from './relation-decoder.js';
import type { ReadEnd } from './row-reader.js';

const NO_HEADERS: Headers = Object.freeze({});
/** What an envelope and its change take besides their values, about. */
export const EVENT_OVERHEAD = 96;

export interface DecoderOptions {
  readonly history: History;
  /** Whether logical messages are events. */
  readonly messages: boolean;
  /** What was committed below may be in a snapshot that came before; 0 (default) for nothing. */
  readonly seenBelow?: number;
}

/**
 * Decodes pgoutput messages of protocol 1 into events, and keeps the position that they lead to.
 *
 * Every event of a transaction has an index, whether it is delivered or skipped: the index is part of its id and version,
 * and `within` of a position counts by it. So a reader that starts at a position sees the same numbers as the one before.
 */
export class ChangeDecoder {
  readonly progress: Progress;
  /** A relation that waits for the catalogue: decode nothing before `addRelation` was called. */
  pendingRelation: RelationMessage | undefined;
  /** About what the events take in memory. */
  bytes = 0;
  #events: Envelope<Change>[] = [];
  #commits: number[] = [];
  /** Events in the batch that belong to the open transaction. */
  #ofTransaction = 0;
  #transaction: Transaction | undefined;
  #lastOid = -1;
  #lastRelation: RelationDecoder | undefined;
  readonly #relations = new Map<number, RelationDecoder>();
  readonly #end: ReadEnd = { at: 0 };
  readonly #history: History;
  readonly #messages: boolean;
  readonly #seenBelow: number;
  /** Until the stream has passed `seenBelow`. */
  #repetition: Repetition | undefined;

  constructor(options: DecoderOptions, progress: Progress) {
    this.#history = options.history;
    this.#messages = options.messages;
    this.#seenBelow = options.seenBelow ?? 0;
    this.#repetition = this.#seenBelow > 0 ? new Repetition() : undefined;
    this.progress = progress;
  }

  /** Events decoded and not yet taken. */
  get count(): number {
    return this.#events.length;
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** The connection is another one: what was known of relations and of the open transaction comes anew. */
  restart(): void {
    this.#transaction = undefined;
    this.#ofTransaction = 0;
    this.#relations.clear();
    this.#lastOid = -1;
    this.pendingRelation = undefined;
    this.progress.restart();
  }

  /** Decodes the message between `at` and `end`. */
  decode(buffer: WireBuffer, at: number, end: number): void {
    switch (u8(buffer, at)) {
      case code.INSERT:
        this.#insert(buffer, at + 1, end);
        return;
      case code.UPDATE:
        this.#update(buffer, at + 1, end);
        return;
      case code.DELETE:
        this.#delete(buffer, at + 1, end);
        return;
      case code.BEGIN:
        this.#begin(buffer, at + 1);
        return;
      case code.COMMIT:
        this.#commit(u64(buffer, at + 10));
        return;
      case code.RELATION:
        this.#relationMessage(readRelation(buffer, at + 1));
        return;
      case code.TRUNCATE:
        this.#truncate(buffer, at + 1);
        return;
      case code.LOGICAL_MESSAGE:
        this.#logicalMessage(buffer, at + 1, end);
        return;
      case code.TYPE:
      case code.ORIGIN:
        return;
      default:
        throw new ComponentError('CDC_PROTOCOL', 'a message of unknown kind', { details: { kind: u8(buffer, at) } });
    }
  }

  /** Whether a frame must end before the message at `at`. */
  cutBefore(buffer: WireBuffer, at: number): boolean {
    if (this.inTransaction) return false;
    const kind = u8(buffer, at);
    // A transaction ends behind its commit record; a message outside of transactions ends at its own position.
    if (kind === code.BEGIN) this.progress.approach(u64(buffer, at + 1));
    else if (kind === code.LOGICAL_MESSAGE) this.progress.approach(u64(buffer, at + 2) - 1);
    return this.progress.atCut;
  }

  addRelation(message: RelationMessage, primaryKey: readonly string[] | undefined): void {
    this.pendingRelation = undefined;
    this.#lastOid = -1;
    this.#relations.set(message.oid, new RelationDecoder(message, primaryKey, this.#end));
  }

  /** What was decoded since the last call, as a frame; `undefined` when nothing was. */
  take(): BatchFrame<Change> | undefined {
    if (this.#events.length === 0) return undefined;
    if (this.#repetition) this.#checkRepetition(this.#repetition);
    const frame: BatchFrame<Change> = {
      kind: 'batch',
      events: this.#events,
      bytes: this.bytes,
      position: this.progress.deliver(),
      commits: this.#commits,
    };
    this.#events = [];
    this.#commits = [];
    this.#ofTransaction = 0;
    this.bytes = 0;
    return frame;
  }

  #begin(buffer: WireBuffer, at: number): void {
    const commitLsn = u64(buffer, at);
    const repeated = commitLsn < this.#seenBelow;
    this.#transaction = {
      commitLsn,
      committedAt: i64(buffer, at + 8),
      xid: u32(buffer, at + 16),
      headers: repeated ? SUPERSEDED_HEADERS : NO_HEADERS,
    };
  }

  #insert(buffer: WireBuffer, at: number, end: number): void {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const after = relation.row(buffer, at + 5, null);
    this.#push({ op: 'insert', table: relation.table, before: null, after }, relation, end - at);
  }

  #update(buffer: WireBuffer, at: number, end: number): void {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const kind = u8(buffer, at + 4);
    let before = null;
    let next = at + 5;
    if (kind === code.OLD_TUPLE) before = relation.row(buffer, next, null);
    else if (kind === code.KEY_TUPLE) before = relation.identity(buffer, next, null);
    if (before !== null) next = this.#end.at + 1;
    const after = relation.row(buffer, next, kind === code.OLD_TUPLE ? before : null);
    this.#push({ op: 'update', table: relation.table, before, after }, relation, end - at);
  }

  #delete(buffer: WireBuffer, at: number, end: number): void {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const reader = u8(buffer, at + 4) === code.OLD_TUPLE ? relation.row : relation.identity;
    const before = reader(buffer, at + 5, null);
    this.#push({ op: 'delete', table: relation.table, before, after: null }, relation, end - at);
  }

  #truncate(buffer: WireBuffer, at: number): void {
    const flags = u8(buffer, at + 4);
    for (let i = 0, left = u32(buffer, at); left > 0; i += 4, left--) {
      const relation = this.#relation(u32(buffer, at + 5 + i));
      if (!this.progress.wanted()) continue;
      const change: Change = {
        op: 'truncate',
        table: relation.table,
        before: null,
        after: null,
        cascade: (flags & 1) !== 0,
        restartIdentity: (flags & 2) !== 0,
      };
      this.#push(change, relation, 0);
    }
  }

  #logicalMessage(buffer: WireBuffer, at: number, end: number): void {
    const { change, lsn } = readLogicalMessage(buffer, at);
    if (change.prefix === CONTEXT_PREFIX && this.#transaction && this.progress.index === 0) {
      const { headers } = this.#transaction;
      const own = contextHeaders(change.content);
      this.#transaction.headers = headers === NO_HEADERS ? own : { ...own, ...headers };
      return;
    }
    if (change.transactional && this.#transaction) {
      // Counted also when nobody asked for it, so that ids and positions do not hang on the option.
      if (!this.progress.wanted() || !this.#messages) return;
      this.#emit(change, new StreamOrigin(this.#history, this.#transaction, []), end - at);
      return;
    }
    if (!this.#messages) return;
    const committedAt = (Date.now() - Date.UTC(2000, 0)) * 1000;
    const alone: Transaction = { commitLsn: lsn, committedAt, xid: 0, headers: NO_HEADERS };
    this.#events.push(new Envelope<Change>(change, new StreamOrigin(this.#history, alone, []), 0));
    this.#commits.push(this.#events.length - 1);
    this.bytes += end - at + EVENT_OVERHEAD;
    this.progress.commit(lsn);
  }

  #push(change: Change, relation: RelationDecoder, bytes: number): void {
    this.#emit(change, relation.origin(this.#history, this.#open()), bytes);
  }

  #emit(change: Change, origin: StreamOrigin, bytes: number): void {
    this.#events.push(new Envelope<Change>(change, origin, this.progress.index - 1));
    this.#ofTransaction++;
    this.bytes += bytes + EVENT_OVERHEAD;
  }

  #checkRepetition(repetition: Repetition): void {
    repetition.check(this.#events);
    if (this.progress.resume >= this.#seenBelow) this.#repetition = undefined;
  }

  #commit(end: number): void {
    if (this.#ofTransaction > 0) this.#commits.push(this.#events.length - 1);
    this.#ofTransaction = 0;
    this.#transaction = undefined;
    this.progress.commit(end);
  }

  #relationMessage(message: RelationMessage): void {
    if (needsCatalogue(message)) this.pendingRelation = message;
    else this.addRelation(message, undefined);
  }

  #open(): Transaction {
    if (this.#transaction) return this.#transaction;
    throw new ComponentError('CDC_PROTOCOL', 'a change came outside of a transaction');
  }

  #relation(oid: number): RelationDecoder {
    if (oid === this.#lastOid && this.#lastRelation) return this.#lastRelation;
    const relation = this.#relations.get(oid);
    if (!relation) throw new ComponentError('CDC_PROTOCOL', 'a change of an unknown relation', { details: { oid } });
    this.#lastOid = oid;
    this.#lastRelation = relation;
    return relation;
  }
}
