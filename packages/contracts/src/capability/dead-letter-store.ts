import type { Envelope } from '../event/envelope.js';
import type { Lane } from '../position/lane.js';
import type { Position } from '../position/position.js';

/** An event that could not be processed, and why. */
export interface DeadLetter {
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: Lane;
  /** The end of the source batch that the event came in. */
  readonly position: Position;
  readonly event: Envelope<unknown>;
  readonly cause: { readonly code: string; readonly message: string };
  /** How often it was tried. */
  readonly attempts: number;
  readonly at: Date;
}

/** Keeps dead letters. `put` resolves when they are durable: only then are their events settled. */
export interface DeadLetterStore extends AsyncDisposable {
  put(letters: readonly DeadLetter[]): Promise<void>;
  list(pipeline: string, options?: { readonly limit?: number }): Promise<readonly DeadLetter[]>;
}
