import type { Envelope } from '../event/envelope.js';
import type { Position } from '../position/position.js';

/** Settles one event of a source whose ack is `individual`. Each is settled at most once. */
export interface AckToken {
  /** Resolves when the source will not deliver the event again. */
  ack(): Promise<void>;
  /** Gives the event back; the source delivers it again after `delayMs`. */
  release(delayMs: number): Promise<void>;
  /** Keeps the event ours for another `forMs`. */
  extend(forMs: number): Promise<void>;
}

/** Events, in the order of their lane. */
export interface BatchFrame<T> {
  readonly kind: 'batch';
  /** Never empty. */
  readonly events: readonly Envelope<T>[];
  /** What the events take in memory, about; charged against the credits until they are settled. */
  readonly bytes: number;
  /** Where the lane stands once all of these events are done; also in the middle of a transaction. */
  readonly position: Position;
  /** Indexes of events that are the last of their transaction, ascending. */
  readonly commits?: readonly number[];
  /** For `individual` ack: one for each event. */
  readonly tokens?: readonly AckToken[];
}

/** Nothing for us up to here: the position moves on once what came before is settled. */
export interface ProgressFrame {
  readonly kind: 'progress';
  readonly position: Position;
}

/** What a lane reader yields: events, or the news that there are none up to a position. */
export type Frame<T> = BatchFrame<T> | ProgressFrame;
