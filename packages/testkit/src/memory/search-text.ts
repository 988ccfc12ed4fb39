import type { SearchDocument, SearchFields } from '@sluice/contracts';

/** The words of a text, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

/** How well a document matches: 0 when it lacks one of the words, else the weights of the fields that have them. */
export function scoreOf(document: SearchDocument, words: readonly string[], fields: SearchFields): number {
  let score = 0;
  const has = new Set<string>();
  for (const [name, { kind, weight = 1 }] of Object.entries(fields)) {
    const value = Object.hasOwn(document, name) ? document[name] : null;
    if (kind !== 'text' || typeof value !== 'string') continue;
    const found = new Set(wordsOf(value));
    for (const word of words.filter((each) => found.has(each))) {
      has.add(word);
      score += weight;
    }
  }
  return words.every((word) => has.has(word)) ? score : 0;
}

/** The text, HTML-escaped, with the words in `<em>`; undefined when it has none of them. */
export function highlighted(text: string, words: readonly string[]): string | undefined {
  let matches = 0;
  const parts = text.split(/([\p{L}\p{N}\p{M}]+)/u).map((part) => {
    if (!words.includes(part.toLowerCase())) return escaped(part);
    matches += 1;
    return `<em>${escaped(part)}</em>`;
  });
  return matches > 0 ? parts.join('') : undefined;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
