import { batch, computed, effect, signal } from '@preact/signals';
import { Problem } from '../api/call.js';
import { type Filters, type SearchAnswer, search, suggest } from '../api/search.js';
import { library } from '../library/store.js';
import { route } from '../route/route.js';
import { completionsOf } from './completions.js';
import { lookAgain } from './look-again.js';

/** What is typed is looked up once the keys rest for so long. */
const REST_MS = 120;
const STEP = 25;
/** The most that the search gives at once. */
export const MOST_HITS = 100;

interface Found extends SearchAnswer {
  /** What was typed, and what was searched for: the last word may have been ended. */
  readonly typed: string;
  readonly q: string;
}

const found = signal<Found>();
/** How many hits are asked for. */
const wanted = signal(STEP);
export const searching = signal(false);
export const searchProblem = signal<Problem>();
/** What else might have been meant, when nothing was found. */
export const suggestions = signal<readonly string[]>([]);

const words = computed(() => route.value.q.trim());
const asked = computed(() => JSON.stringify([words.value, filtersOf(route.value)]));

/** What the counts are of: the words that were searched for last, so that they change together with the results. */
export const searchedFor = computed(() => (words.value === '' ? '' : (found.value?.q ?? words.value)));

/** What was found, each document as new as the page knows it. */
export const results = computed(() => {
  const answer = found.value;
  if (answer === undefined || words.value === '') return undefined;
  const { documents, deleted } = library.value;
  const hits = answer.documents.flatMap((hit) => {
    if (deleted.has(hit.id)) return [];
    const known = documents.get(hit.id);
    return [known && known.version > hit.version ? { ...hit, ...known } : hit];
  });
  return { ...answer, documents: hits };
});

export function moreHits(): void {
  wanted.value = Math.min(MOST_HITS, wanted.peek() * 2);
}

/** Keeps the results as the words, the filters and the documents change. */
export function followSearch(): void {
  let running: AbortController | undefined;
  let rest: ReturnType<typeof setTimeout> | undefined;

  const look = async () => {
    running?.abort();
    const q = words.peek();
    if (q === '') {
      batch(() => {
        found.value = undefined;
        searching.value = false;
        searchProblem.value = undefined;
      });
      return;
    }
    const mine = new AbortController();
    running = mine;
    try {
      const find = (text: string) => search(text, filtersOf(route.peek()), 0, wanted.peek(), mine.signal);
      let answer = await find(q);
      let others: readonly string[] = [];
      let ended: string | undefined;
      if (answer.total === 0 && q.length > 1) {
        others = (await suggest(q, mine.signal)).suggestions;
        [ended] = completionsOf(q, others);
        if (ended !== undefined) answer = await find(ended);
      }
      if (mine.signal.aborted) return;
      batch(() => {
        found.value = { ...answer, typed: q, q: ended ?? q };
        suggestions.value = others.filter((other) => other.toLowerCase() !== q.toLowerCase());
        searching.value = false;
        searchProblem.value = undefined;
      });
    } catch (error) {
      if (mine.signal.aborted) return;
      batch(() => {
        searching.value = false;
        searchProblem.value = error instanceof Problem ? error : new Problem(0, String(error), '');
      });
    }
  };

  effect(() => {
    asked.value;
    wanted.value;
    clearTimeout(rest);
    searching.value = words.peek() !== '';
    rest = setTimeout(() => void look(), words.peek() === '' ? 0 : REST_MS);
  });
  effect(() => {
    words.value;
    wanted.value = STEP;
  });
  lookAgain(() => words.peek() !== '' && void look());
}

function filtersOf({ status, content_type, created_by }: Filters): Filters {
  return { status, content_type, created_by };
}
