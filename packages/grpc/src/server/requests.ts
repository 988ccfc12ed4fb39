import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { incoming } from '../stream/incoming.js';
import type { LiveCall } from './live-call.js';

/**
 * The messages that a caller streams. Throws what the call was given up for when it ends otherwise than by the caller's word.
 *
 * Node, as a client, ends a stream before it resets it: a caller that cancels looks, for a moment, like one that has said
 * everything. So the end is believed only when no reset came with it.
 */
export async function* requestsOf<T>(stream: Readable, call: LiveCall): AsyncGenerator<T, void, void> {
  const gone = () => (call.over === undefined ? undefined : (call.signal.reason as Error));
  yield* incoming<T>(stream, gone);
  for (let turn = 0; turn < TURNS && call.over === undefined; turn += 1) await nextTurn();
  const failure = gone();
  if (failure !== undefined) throw failure;
}

/** Turns of the event loop from the end of a stream to the news of its reset, when both came in one piece: 1, and two to spare. */
const TURNS = 3;
