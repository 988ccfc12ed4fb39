import { Buffer } from 'node:buffer';

const FIN_TEXT = 0x81;

/** An empty ping from a server: complete, final, unmasked. One buffer serves every connection. */
export const PING_FRAME: Buffer = Buffer.from([0x89, 0x00]);

/** A pong that nobody asked for, which is answered by nothing (section 5.5.3): it only passes by. */
export const MARKER_FRAME: Buffer = Buffer.from([0x8a, 0x00]);

/**
 * Encodes `text`, or its bytes in UTF-8, as one unmasked text frame, as a server sends it (RFC 6455, section 5.2).
 *
 * The result is built once and written to every socket that gets the message, so it must not be changed afterwards. One that is `kept`
 * has memory of its own: a part of Node's shared pool would hold eight kilobytes for as long.
 */
export function textFrame(text: string | Buffer, kept = false): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = kept ? Buffer.allocUnsafeSlow(start + length) : Buffer.allocUnsafe(start + length);
  frame[0] = FIN_TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof text === 'string') frame.write(text, start);
  else text.copy(frame, start);
  return frame;
}

/** An unmasked pong that echoes the payload of a ping; a control frame holds at most 125 bytes (section 5.5). */
export function pongFrame(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x8a, payload.length]), payload]);
}
