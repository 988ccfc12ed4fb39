import { searchWords } from '@sluice/contracts';
import type { NumberedField, NumberedIndex } from './index-fields.js';
import type { KnownWords } from './known-words.js';
import { lexemeOf } from './lexemes.js';

/** Words of a request that may have slips and that count for the score; the others must be there as they are. */
const MAX_SCORED = 8;
/** Words of a request that are looked at. */
const MAX_WORDS = 64;
/** What a word with a slip counts, of what it would count as it is. */
const SLIP = 0.5;

/** What a text asks for. */
export interface TextQuery {
  /** Each finds documents that match, and says what that is worth: those that match are found by one of them at least. */
  readonly parts: readonly { readonly query: string; readonly weight: number }[];
  /** All words that are found. */
  readonly words: readonly string[];
}

/**
 * The queries of a text, as text of the type `tsquery`; undefined for a text without a word.
 *
 * A document matches that has, for each word, it or one like it in some field. Its score is the sum, over words and fields, of the
 * field's weight, or half of it for a word with a slip. Each part asks the index for one word in one field together with all
 * the other words: what it finds matches as a whole, and no row has to be looked into.
 */
export async function textQuery(
  text: string,
  index: NumberedIndex,
  known?: KnownWords,
): Promise<TextQuery | undefined> {
  const words = [...new Set(searchWords(text))].slice(0, MAX_WORDS);
  if (words.length === 0) return undefined;
  const fields = [...index.fields.values()].filter(({ isText }) => isText);
  const scored = words.slice(0, MAX_SCORED);
  const slips = (await known?.like(index.number, scored)) ?? new Map<string, readonly string[]>();
  const like = (word: string) => slips.get(word) ?? [];
  const clauses = words.map((word) => oneOf(fields.flatMap((field) => inField(field, [word, ...like(word)]))));
  const parts = scored.flatMap((word, at) => {
    const others = clauses.filter((_, other) => other !== at);
    return fields.flatMap((field) => {
      const exact = inField(field, [word]);
      const meant = inField(field, like(word));
      return [
        { query: allOf([...exact, ...others]), weight: field.weight },
        ...(meant.length > 0
          ? [
              {
                query: allOf([oneOf(meant), ...exact.map((each) => `!${each}`), ...others]),
                weight: field.weight * SLIP,
              },
            ]
          : []),
      ];
    });
  });
  return { parts, words: [...words, ...scored.flatMap(like)] };

  function inField({ number }: NumberedField, ofWords: readonly string[]): string[] {
    return ofWords.map((word) => quoted(lexemeOf(index.number, number, word)));
  }
}

/** Lexemes have no quotes in them. */
export const quoted = (lexeme: string) => `'${lexeme}'`;

const oneOf = (clauses: readonly string[]) => `(${clauses.join(' | ')})`;
export const allOf = (clauses: readonly string[]) => clauses.join(' & ');
