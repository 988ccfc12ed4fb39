import { ComponentError } from '../failure/component-error.js';

const MAX_BYTES = 512;

/**
 * Refuses what is no key of a {@link Cache} or {@link Counters}, or no member of the latter: these are texts of 1 to 512 bytes of
 * UTF-8, without half a surrogate pair.
 *
 * @throws ComponentError `KEY_INVALID`, which says what is wrong and does not repeat the key.
 */
export function refuseBadKey(key: string): void {
  const wrong = whatIsWrong(key);
  if (wrong === undefined) return;
  throw new ComponentError('KEY_INVALID', `the key or member ${wrong}`, { details: { length: key.length } });
}

function whatIsWrong(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.length > MAX_BYTES || new TextEncoder().encode(key).length > MAX_BYTES) return `has over ${MAX_BYTES} bytes`;
  return /\p{Surrogate}/u.test(key) ? 'has half a surrogate pair' : undefined;
}
