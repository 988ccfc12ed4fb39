import { ComponentError } from '../failure/component-error.js';

const MAX_BYTES = 1_024;

/**
 * Refuses what is no key of an {@link ObjectStore}: a key is 1 to 1,024 bytes of UTF-8 without control characters; none of its
 * parts between slashes is empty, `.` or `..`. So a key is also a path, and never one that leads elsewhere.
 *
 * @throws ComponentError `OBJECT_KEY_INVALID`, which says what is wrong and does not repeat the key.
 */
export function refuseBadObjectKey(key: string): void {
  const wrong = whatIsWrong(key);
  if (wrong === undefined) return;
  throw new ComponentError('OBJECT_KEY_INVALID', `the key ${wrong}`, { details: { length: key.length } });
}

function whatIsWrong(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.length > MAX_BYTES || new TextEncoder().encode(key).length > MAX_BYTES) return `has over ${MAX_BYTES} bytes`;
  if (/\p{Surrogate}/u.test(key)) return 'has half a surrogate pair';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(key)) return 'has a control character';
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'has a part that is empty, "." or ".."';
  }
  return undefined;
}
