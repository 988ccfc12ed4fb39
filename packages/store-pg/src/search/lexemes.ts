import { hashOfText } from '../connection/text-column.js';

/** Letters of a word that are kept; of a longer one a hash follows. */
const MAX_LETTERS = 64;
/** A `tsvector` holds at most 1,048,575 bytes of lexemes (Postgres 18, textsearch-limitations). */
const MAX_BYTES = 1_000_000;

/** A word within one field of one index, as `words` holds it. Words have letters, digits and marks only: nothing to escape. */
export function lexemeOf(index: number, field: number, word: string): string {
  const kept = word.length <= MAX_LETTERS ? word : `${beginningOf(word)}.${hashOfText(word).toString('hex')}`;
  return `${index}.${field}.${kept}`;
}

/** As {@link lexemeOf}, of all words that begin so. */
export function lexemesFrom(index: number, field: number, beginning: string): string {
  return `'${index}.${field}.${beginning.length <= MAX_LETTERS ? beginning : beginningOf(beginning)}':*`;
}

/** The lexemes of a document's fields, each once, the short fields first: of what is too long the end is left out. */
export function lexemesOf(
  index: number,
  fields: readonly { readonly number: number; readonly words: readonly string[] }[],
): string[] {
  const lexemes = new Set<string>();
  let bytes = 0;
  for (const { number, words } of fields.toSorted((a, b) => a.words.length - b.words.length)) {
    for (const word of new Set(words)) {
      const lexeme = lexemeOf(index, number, word);
      bytes += Buffer.byteLength(lexeme);
      if (bytes > MAX_BYTES) return [...lexemes];
      lexemes.add(lexeme);
    }
  }
  return [...lexemes];
}

function beginningOf(word: string): string {
  return word.slice(0, MAX_LETTERS).replace(/[\ud800-\udbff]$/, '');
}
