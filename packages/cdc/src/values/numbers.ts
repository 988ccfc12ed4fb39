import type { WireBuffer } from '../wire/bytes.js';

const MINUS = 0x2d;

/** A decimal integer within ±2⁵³. */
export function readInteger(buffer: WireBuffer, start: number, end: number): number {
  const negative = buffer[start] === MINUS;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + ((buffer[at] as number) - 48);
  return negative ? -value : value;
}

/** A decimal integer of 64 bits. */
export function readBigint(buffer: WireBuffer, start: number, end: number): bigint {
  if (end - start <= 15) return BigInt(readInteger(buffer, start, end));
  return BigInt(buffer.latin1Slice(start, end));
}

/** A float; Postgres prints the shortest text that reads back as the same value, and `NaN` and `Infinity` as JavaScript does. */
export function readFloat(buffer: WireBuffer, start: number, end: number): number {
  return Number(buffer.latin1Slice(start, end));
}
