import { call } from './call.js';
import type { Document } from './documents.js';

/** What a result may be narrowed by. */
export const FACETS = ['status', 'content_type', 'created_by'] as const;
export type Facet = (typeof FACETS)[number];
export type Filters = Readonly<Record<Facet, string>>;

export interface Hit extends Document {
  readonly score: number;
  /** Pieces of the text in which what was found stands between `<em>` and `</em>`; otherwise plain text, never markup. */
  readonly highlights?: { readonly title?: readonly string[]; readonly content?: readonly string[] };
}

export interface SearchAnswer {
  readonly total: number;
  readonly documents: readonly Hit[];
  readonly took_ms: number;
}

export interface FacetValue {
  readonly key: string;
  readonly count: number;
}

export function search(q: string, filters: Filters, from: number, size: number, signal?: AbortSignal) {
  const query = new URLSearchParams({ q, from: String(from), size: String(size) });
  for (const facet of FACETS) if (filters[facet] !== '') query.set(facet, filters[facet]);
  return call<SearchAnswer>('GET', `/search?${query}`, { signal });
}

/** What the words might have been meant to be. */
export const suggest = (q: string, signal?: AbortSignal) =>
  call<{ suggestions: readonly string[] }>('GET', `/suggest?${new URLSearchParams({ q })}`, { signal });

export const facetValues = (facet: Facet, q: string, signal?: AbortSignal) =>
  call<{ values: readonly FacetValue[] }>('GET', `/aggregations/${facet}${q ? `?${new URLSearchParams({ q })}` : ''}`, {
    signal,
  });
