import { createHash } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';

/** The most characters of a key, see `StateStore`. */
const MAX_KEY = 10_000;

/**
 * A key as its UTF-16 code units, most significant byte first: bytes order as code units do, and any text is allowed.
 *
 * @throws ComponentError `STATE_KEY_TOO_LONG` above `max` characters.
 */
export function keyBytes(key: string, max = MAX_KEY): Buffer {
  if (key.length <= max) return Buffer.from(key, 'utf16le').swap16();
  throw new ComponentError('STATE_KEY_TOO_LONG', `a key has ${key.length} characters, of ${max} at most`, {
    details: { characters: key.length },
  });
}

/** The key that {@link keyBytes} was given. */
export function keyOfBytes(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}

/** SHA-256. */
export function hashOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
