import { createHash } from 'node:crypto';

/**
 * Any text as a `text` column takes it: U+0000 and lone surrogates, which Postgres refuses, are escaped, and the backslash with
 * them. Different texts stay different.
 */
export function toColumn(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replace(ESCAPED, (character) =>
    character === '\\' ? '\\\\' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The text that {@link toColumn} was given. */
export function fromColumn(stored: string): string {
  if (!stored.includes('\\')) return stored;
  return stored.replace(/\\(\\|u([0-9a-f]{4}))/g, (_, one: string, code: string | undefined) =>
    code === undefined ? one : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/**
 * SHA-256 of the text's UTF-16 code units: no two texts are mixed up, well formed or not. For indexes, which take no value of more than
 * 2.7 kB.
 */
export function hashOfText(text: string): Buffer {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest();
}

// With the flag u, a surrogate matches only where it is alone.
const NEEDS_ESCAPE = /[\\\0\ud800-\udfff]/u;
const ESCAPED = new RegExp(NEEDS_ESCAPE, 'gu');
