import { ComponentError } from '@sluice/contracts';
import { textFrame } from './text-frame.js';

/**
 * Encodes a message for clients: a string is sent as it is (JSON that was written before), anything else as its JSON.
 *
 * Throws `REALTIME_MESSAGE_INVALID` for what has no JSON form: `undefined`, a function, a bigint, a cycle.
 */
export function encodeMessage(message: unknown): Buffer {
  return textFrame(messageText(message));
}

/** What {@link encodeMessage} encodes. */
export function messageText(message: unknown): string {
  return typeof message === 'string' ? message : toJson(message);
}

function toJson(message: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    cause = error;
  }
  if (text === undefined) {
    throw new ComponentError('REALTIME_MESSAGE_INVALID', 'the message has no JSON form', { cause });
  }
  return text;
}
