import { effect, signal } from '@preact/signals';
import { FACETS, type Facet, type FacetValue, facetValues } from '../api/search.js';
import { lookAgain } from './look-again.js';
import { searchedFor } from './results.js';

/** How many documents there are of each value, among those that the words find. */
export const facets = signal<Readonly<Record<Facet, readonly FacetValue[]>>>({
  status: [],
  content_type: [],
  created_by: [],
});

/** Whether the counts could not be loaded, and are those of before. */
export const facetsStale = signal(false);

const REST_MS = 150;

/** Keeps the counts as the words and the documents change. */
export function followFacets(): void {
  let running: AbortController | undefined;
  let rest: ReturnType<typeof setTimeout> | undefined;

  const look = async () => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    try {
      const answers = await Promise.all(FACETS.map((facet) => facetValues(facet, searchedFor.peek(), mine.signal)));
      if (mine.signal.aborted) return;
      facets.value = Object.fromEntries(FACETS.map((facet, at) => [facet, answers[at]?.values ?? []])) as Record<
        Facet,
        readonly FacetValue[]
      >;
      facetsStale.value = false;
    } catch {
      // The list goes on without counts; they are asked for again at the next change.
      if (!mine.signal.aborted) facetsStale.value = true;
    }
  };

  effect(() => {
    searchedFor.value;
    clearTimeout(rest);
    rest = setTimeout(() => void look(), REST_MS);
  });
  lookAgain(() => void look());
}
