/** A Buffer with the two text decoders of Node that take offsets and so need no `subarray`. */
export interface WireBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

/** An uninitialised buffer of its own, not cut from Node's pool. */
export function allocate(bytes: number): WireBuffer {
  return Buffer.allocUnsafeSlow(bytes) as WireBuffer;
}

/** Big-endian reads without range checks: the frame reader has made sure that the message is whole. */
export function u8(buffer: Buffer, at: number): number {
  return buffer[at] as number;
}

export function u16(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

/** Signed, which is what lengths are; for object ids see {@link u32}. */
export function i32(buffer: Buffer, at: number): number {
  return (
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  );
}

export function u32(buffer: Buffer, at: number): number {
  return i32(buffer, at) >>> 0;
}

/** 64 bits as a number. Exact below 2⁵³: log positions stay below it for the first eight petabytes of WAL. */
export function u64(buffer: Buffer, at: number): number {
  return u32(buffer, at) * 4294967296 + u32(buffer, at + 4);
}

/** Signed 64 bits as a number, exact between ±2⁵³: microseconds since 2000 are. */
export function i64(buffer: Buffer, at: number): number {
  return i32(buffer, at) * 4294967296 + u32(buffer, at + 4);
}

/** The index of the zero byte that ends a string of the protocol. */
export function endOfString(buffer: Buffer, at: number): number {
  let end = at;
  while (buffer[end] !== 0) end++;
  return end;
}
