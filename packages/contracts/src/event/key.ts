import { ComponentError } from '../failure/component-error.js';

/**
 * The text of a key. A key of one column is that column's text as it is; a key of several is a JSON array of the texts,
 * in the order of the key. Sinks that need the columns again use {@link keyParts}.
 */
export function keyOf(parts: readonly string[]): string {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : JSON.stringify(parts);
}

/**
 * The texts that {@link keyOf} was given; `columns` says how many there were.
 *
 * @throws ComponentError `EVENT_KEY_MALFORMED` when the key does not have that many.
 */
export function keyParts(key: string, columns: number): readonly string[] {
  if (columns === 1) return [key];
  const parts = parseArray(key);
  if (parts?.length === columns && parts.every((part) => typeof part === 'string')) return parts as string[];
  throw new ComponentError('EVENT_KEY_MALFORMED', `a key of ${columns} columns was expected`, { details: { columns } });
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
