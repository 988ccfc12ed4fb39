import { Buffer } from 'node:buffer';
import { ComponentError } from '@sluice/contracts';
import { messageText } from './encode-message.js';
import { textFrame } from './text-frame.js';

/**
 * Encodes an object, or a string that holds the JSON of one, with further members put in at its end. Members that the object has of the
 * same name lose, as JSON parsers keep the last. `kept`: see `textFrame`.
 *
 * Throws `REALTIME_MESSAGE_INVALID` for what is no object.
 */
export function frameWith(message: unknown, members: string, kept = false): Buffer {
  const text = messageText(message);
  if (text.charCodeAt(0) !== OPEN || text.charCodeAt(text.length - 1) !== CLOSE) {
    throw new ComponentError('REALTIME_MESSAGE_INVALID', 'the message is not an object, so it cannot carry an offset');
  }
  const separator = EMPTY.test(text) ? '' : ',';
  return textFrame(`${text.slice(0, -1)}${separator}${members}}`, kept);
}

/** The same frame with members such as `,"channel":"news"` put in at the end. It must hold an object that is not empty. */
export function frameAlso(frame: Buffer, members: Buffer): Buffer {
  return textFrame(Buffer.concat([frame.subarray(headerLength(frame), -1), members, CLOSING]));
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const EMPTY = /^\{\s*\}$/;
const CLOSING = Buffer.from('}');

function headerLength(frame: Buffer): number {
  const length = frame[1] as number;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}
