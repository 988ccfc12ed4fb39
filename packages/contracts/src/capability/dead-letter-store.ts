import type { Envelope } from '../event/envelope.js';
import type { Lane } from '../position/lane.js';
import type { Position } from '../position/position.js';

/** An event that could not be processed, and why. */
export interface NewDeadLetter {
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: Lane;
  /** The end of the source batch that the event came in. */
  readonly position: Position;
  /** As the stage that failed received it. */
  readonly event: Envelope<unknown>;
  /** What the source read, where that was bytes. */
  readonly original?: Uint8Array;
  /** The name of the stage that failed, as the pipeline's report names it; a replay enters there. */
  readonly stage: string;
  readonly cause: { readonly code: string; readonly message: string };
  /** How often it was tried. 0 for an event that only follows an earlier one of its key. */
  readonly attempts: number;
  readonly at: Date;
  /** Whether later events of its key follow it into the store, until all of them were replayed or discarded. */
  readonly parked: boolean;
}

/**
 * `waiting` → `requested` (someone wants it replayed) → `replayed`, or back to `waiting` when it failed again; `discarded` when
 * nobody wants it any more.
 */
export type DeadLetterStatus = 'waiting' | 'requested' | 'replayed' | 'discarded';

/** A dead letter in its store. */
export interface DeadLetter extends NewDeadLetter {
  /** Unique in the store. Later letters have greater ones, by length and then by code unit. */
  readonly id: string;
  readonly status: DeadLetterStatus;
}

/** Which letters are meant. All that is given must hold. */
export interface DeadLetterFilter {
  readonly pipeline: string;
  readonly sink?: string;
  readonly ids?: readonly string[];
  /** The event's key. */
  readonly key?: string;
  readonly status?: DeadLetterStatus;
  /** Only letters after the one of this id. */
  readonly after?: string;
  /** At most this many, the oldest first. Default: 100 for `list`, all for the others. */
  readonly limit?: number;
}

/** Something that was done with a letter. */
export interface DeadLetterAction {
  readonly at: Date;
  /** A person or an instance. */
  readonly by: string;
  readonly action: 'put' | 'edited' | 'requested' | 'replayed' | 'failed' | 'discarded';
  /** For `put` and `failed`: the code of the cause. */
  readonly note?: string;
}

/** What became of the replay of a letter. */
export type ReplayOutcome =
  | { readonly id: string; readonly outcome: 'replayed' }
  | {
      readonly id: string;
      readonly outcome: 'failed';
      readonly cause: { readonly code: string; readonly message: string };
      /** Of this replay; added to those before. */
      readonly attempts: number;
    };

/**
 * Keeps dead letters, what was done with them, and how often events that are still being tried were tried already.
 *
 * - `put` resolves when the letters are durable: only then are their events settled. All or nothing. An event of which the
 *   same pipeline and sink have a letter that waits or is requested is not put twice (a crash may come between `put` and the
 *   checkpoint): the newer cause and the sum of attempts stay, in the old place.
 * - Letters of one key are listed in the order in which they were put.
 * - A letter is never removed but by `prune`; each of `edit`, `request`, `discard` and `resolve` leaves an entry in its audit
 *   trail, in the same transaction.
 */
export interface DeadLetterStore extends AsyncDisposable {
  put(letters: readonly NewDeadLetter[]): Promise<void>;
  /** Oldest first. */
  list(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Replaces the event of a letter that waits. The id of the event stays. Throws `DEAD_LETTER_NOT_WAITING`. */
  edit(id: string, event: Envelope<unknown>, by: string): Promise<void>;
  /**
   * Asks the pipeline to replay letters that wait. Of a parked key all earlier letters that wait are requested too, so that its
   * order holds. Answers with how many are requested now that were not.
   */
  request(filter: DeadLetterFilter, by: string): Promise<number>;
  /** Gives up letters that wait or are requested. Answers with how many. */
  discard(filter: DeadLetterFilter, by: string): Promise<number>;
  /** The pipeline's answer to a request. `failed` makes the letter wait again. Letters in another state are left alone. */
  resolve(outcomes: readonly ReplayOutcome[], by: string): Promise<void>;
  /** What was done with a letter, oldest first. */
  audit(id: string): Promise<readonly DeadLetterAction[]>;
  /** The keys that have a parked letter which waits or is requested. */
  parkedKeys(pipeline: string, sink: string): Promise<ReadonlySet<string>>;
  /** How often events (by id) that are being tried were tried so far, by this and by earlier processes. */
  attempts(pipeline: string, sink: string): Promise<ReadonlyMap<string, number>>;
  /** Notes how often events were tried; 0 forgets. Durable when it resolves. */
  noteAttempts(pipeline: string, sink: string, attempts: ReadonlyMap<string, number>): Promise<void>;
  /** Removes replayed and discarded letters, with their audit trails, whose last action was before that. Answers with how many. */
  prune(pipeline: string, before: Date): Promise<number>;
}
