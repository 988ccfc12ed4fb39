import type { ServerError } from '../failure/server-error.js';
import { endOfString, u8, type WireBuffer } from './bytes.js';

/** Reads the fields of an ErrorResponse whose message starts at `start` (Postgres 18, protocol-error-fields). */
export function readErrorResponse(buffer: WireBuffer, start: number): ServerError {
  const fields = new Map<string, string>();
  let at = start + 5;
  while (u8(buffer, at) !== 0) {
    const end = endOfString(buffer, at + 1);
    fields.set(String.fromCharCode(u8(buffer, at)), buffer.utf8Slice(at + 1, end));
    at = end + 1;
  }
  return {
    severity: fields.get('V') ?? fields.get('S') ?? 'ERROR',
    sqlState: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? '',
  };
}
