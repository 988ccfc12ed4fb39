import type { StoreConnection } from '../connection/store-connection.js';

/** Letters of the words that a slip may be meant for. */
const FEWEST = 4;
const MOST = 32;
/** Slips that are looked for in all, and for one word at least. */
const MAX_SLIPS = 48;
const MIN_SLIPS = 4;
/** Words that an index remembers to have stored; then it forgets them all. */
const MAX_REMEMBERED = 200_000;

/** The words of an index that are like words that were asked for. */
export interface KnownWords {
  /** Stores the words that are not there yet. */
  add(index: number, words: readonly string[]): Promise<void>;
  /** For each word those that differ from it by one slip. */
  like(index: number, words: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** The words of a table `search_words`. */
export function knownWords(database: StoreConnection): KnownWords {
  const table = database.name('search_words');
  const stored = new Set<string>();
  return {
    async add(index, words) {
      const fresh = [...new Set(words)].filter((word) => mayBeMeant(word) && !stored.has(word));
      if (fresh.length === 0) return;
      // In their order, so that two that add the same words wait for each other and never deadlock.
      const insert = `
INSERT INTO ${table} (index, word)
SELECT $1, word FROM unnest($2::text[]) AS given (word) ORDER BY word COLLATE "C" ON CONFLICT DO NOTHING`;
      await database.rows('storing words', insert, [index, fresh]);
      if (stored.size > MAX_REMEMBERED) stored.clear();
      for (const word of fresh) stored.add(word);
    },
    async like(index, words) {
      const asked = words.filter(mayBeMeant);
      if (asked.length === 0) return new Map();
      const halves = asked.map(halvesOf);
      const rows = await database.rows<{ asked: string; words: string[] }>('looking for words', candidatesSql(table), [
        ...[index, asked, asked.map((word) => [...word].length)],
        ...[halves.map(([first]) => first), halves.map(([, second]) => second)],
        asked.map((word) => JSON.stringify(swapsOf(word))),
      ]);
      const limit = Math.max(MIN_SLIPS, Math.floor(MAX_SLIPS / asked.length));
      return new Map(rows.map((row) => [row.asked, nearest(row.asked, row.words).slice(0, limit)]));
    },
  };
}

/** A number with another digit is another number. */
function mayBeMeant(word: string): boolean {
  return word.length >= FEWEST && word.length <= MOST && !/\p{N}/u.test(word);
}

/** A slip leaves one half of the word as it is, but for a swap across the middle. */
function halvesOf(word: string): [string, string] {
  const letters = [...word];
  const middle = Math.floor(letters.length / 2);
  return [letters.slice(0, middle).join(''), letters.slice(middle).reverse().join('')];
}

function swapsOf(word: string): string[] {
  const letters = [...word];
  return letters.slice(1).map((letter, at) => {
    return [...letters.slice(0, at), letter, letters[at], ...letters.slice(at + 2)].join('');
  });
}

/** Those that begin or end as the word does, of about its length, and those with two letters swapped. */
function candidatesSql(table: string): string {
  return `
SELECT given.asked, array_agg(found.word) AS words
FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[])
  AS given (asked, length, beginning, ending, swaps)
CROSS JOIN LATERAL (
  SELECT word FROM ${table}
  WHERE index = $1 AND word >= given.beginning COLLATE "C" AND word < (given.beginning || U&'\\+10FFFF') COLLATE "C"
    AND char_length(word) BETWEEN given.length - 1 AND given.length + 1
  UNION
  SELECT word FROM ${table}
  WHERE index = $1 AND reverse(word) COLLATE "C" >= given.ending COLLATE "C"
    AND reverse(word) COLLATE "C" < (given.ending || U&'\\+10FFFF') COLLATE "C"
    AND char_length(word) BETWEEN given.length - 1 AND given.length + 1
  UNION
  SELECT word FROM ${table}
  WHERE index = $1 AND word = ANY (ARRAY(SELECT json_array_elements_text(given.swaps::json)))
) AS found
GROUP BY given.asked`;
}

/** Whoever mistypes a word seldom does so at its beginning. */
function nearest(word: string, candidates: readonly string[]): string[] {
  const slips = candidates.filter((other) => other !== word && isSlip([...word], [...other]));
  const common = (other: string) => [...word].findIndex((letter, at) => letter !== other[at]) >>> 0;
  return slips.sort((a, b) => common(b) - common(a) || (a < b ? -1 : 1));
}

/** Whether one letter is too few, too many or wrong, or two neighbours are swapped. */
export function isSlip(word: readonly string[], other: readonly string[]): boolean {
  if (Math.min(word.length, other.length) < FEWEST || Math.abs(word.length - other.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === other[start]) start += 1;
  let [a, b] = [word.length, other.length];
  while (a > start && b > start && word[a - 1] === other[b - 1]) [a, b] = [a - 1, b - 1];
  if (a - start <= 1 && b - start <= 1) return true;
  return a - start === 2 && b - start === 2 && word[start] === other[start + 1] && word[start + 1] === other[start];
}
