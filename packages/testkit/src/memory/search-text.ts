import { type SearchDocument, type SearchFields, searchWords } from '@sluice/contracts';

/**
 * How well a document matches: 0 when it lacks one of the words, else the weights of the fields that have them. A word of four
 * letters or more, without a digit, that differs by one letter counts half.
 */
export function scoreOf(document: SearchDocument, words: readonly string[], fields: SearchFields): number {
  let score = 0;
  const has = new Set<string>();
  for (const [name, { kind, weight = 1 }] of Object.entries(fields)) {
    const value = Object.hasOwn(document, name) ? document[name] : null;
    if (kind !== 'text' || typeof value !== 'string') continue;
    const found = new Set(searchWords(value));
    for (const word of words) {
      const closeness = found.has(word) ? 1 : [...found].some((other) => isSlip(word, other)) ? 0.5 : 0;
      if (closeness > 0) has.add(word);
      score += weight * closeness;
    }
  }
  return words.every((word) => has.has(word)) ? score : 0;
}

/** The text, HTML-escaped, with the words in `<em>`; undefined when it has none of them. */
export function highlighted(text: string, words: readonly string[]): string | undefined {
  let matches = 0;
  const parts = text.split(/([\p{L}\p{N}\p{M}]+)/u).map((part) => {
    if (!words.includes(searchWords(part)[0] ?? '')) return escaped(part);
    matches += 1;
    return `<em>${escaped(part)}</em>`;
  });
  return matches > 0 ? parts.join('') : undefined;
}

/** Whether one letter is too few, too many or wrong, or two neighbours are swapped. */
function isSlip(word: string, other: string): boolean {
  if (/\p{N}/u.test(word + other)) return false;
  if (Math.min(word.length, other.length) < 4 || Math.abs(word.length - other.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === other[start]) start += 1;
  const rests = [start, start + 1].flatMap((a) => [start, start + 1].map((b) => [word.slice(a), other.slice(b)]));
  const swapped = `${word.slice(0, start)}${word[start + 1] ?? ''}${word[start] ?? ''}${word.slice(start + 2)}`;
  return swapped === other || rests.some(([a, b]) => a === b);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
