import {
  BatchError,
  ComponentError,
  refuseBadSearchRequest,
  refuseBadSuggestion,
  type SearchChange,
  type SearchDocument,
  type SearchFields,
  type SearchIndex,
  type SearchRequest,
  type SearchValue,
  searchWords,
  type Version,
  wrongSearchChange,
} from '@sluice/contracts';
import { afterCursor, cursorOf, inOrder, type Ranked } from './search-order.js';
import { fulfils } from './search-request.js';
import { highlighted, scoreOf } from './search-text.js';

/** What `memorySearch` is made with. */
export interface MemorySearchOptions {
  readonly fields: SearchFields;
}

interface Kept {
  readonly version: Version;
  /** Null for one that was deleted. */
  readonly document: SearchDocument | null;
}

/** Keeps documents in memory, and looks at each one for a search: for tests of what uses a `SearchIndex`. */
export function memorySearch({ fields }: MemorySearchOptions): SearchIndex {
  const kept = new Map<string, Kept>();

  function ranked({ text = '', where }: SearchRequest): Ranked[] {
    const words = [...new Set(searchWords(text))];
    return [...kept].flatMap(([id, { document }]) => {
      if (document === null || !fulfils(document, where, fields)) return [];
      const score = words.length === 0 ? 0 : scoreOf(document, words, fields);
      return words.length > 0 && score === 0 ? [] : [{ id, document, score }];
    });
  }

  return {
    name: 'memory',
    features: { fuzzy: true, highlights: true, facets: true, suggest: true },
    fields,
    async apply(changes, { adopt = false } = {}) {
      const failures = new Map<number, ComponentError>();
      let applied = 0;
      for (const [index, change] of changes.entries()) {
        const wrong = wrongSearchChange(change, fields);
        if (wrong) failures.set(index, wrong);
        else if (isNewer(change, kept.get(change.id), adopt)) {
          kept.set(change.id, { version: { ...change.version }, document: structuredClone(change.document) });
          applied += 1;
        }
      }
      if (failures.size > 0) throw new BatchError(failures);
      return { applied, older: changes.length - applied };
    },
    async get(id) {
      const { document, version } = kept.get(id) ?? {};
      return document && version ? { document: structuredClone(document), version } : undefined;
    },
    async search(request) {
      refuseBadSearchRequest(request, fields);
      const { limit = 10, skip = 0, highlight = [], text = '' } = request;
      const all = inOrder(ranked(request), request, fields);
      const rest = request.after === undefined ? all.slice(skip) : afterCursor(all, request, fields);
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return {
        hits: page.map(({ id, document, score }) => ({
          ...{ id, score, document: structuredClone(document) },
          ...(highlight.length > 0 ? { highlights: extracts(document, highlight, searchWords(text)) } : {}),
        })),
        total: all.length,
        ...(last !== undefined && rest.length > page.length ? { next: cursorOf(last, request) } : {}),
        ...(request.facets ? { facets: countsOf(all, request.facets) } : {}),
      };
    },
    async suggest(beginning, { field, limit = 10 }) {
      refuseBadSuggestion(field, limit, fields);
      const words = searchWords(beginning);
      const last = words.pop();
      if (last === undefined) return [];
      const values = ranked({}).flatMap(({ document }) => document[field] ?? []);
      const fitting = values.filter((value) => {
        const found = searchWords(String(value));
        return words.every((word) => found.includes(word)) && found.some((word) => word.startsWith(last));
      });
      return mostFrequent(fitting, limit).map(({ value }) => String(value));
    },
    async refresh() {},
    async [Symbol.asyncDispose]() {},
  };
}

function isNewer({ id, version }: SearchChange, old: Kept | undefined, adopt: boolean): boolean {
  if (old === undefined) return true;
  if (old.version.epoch === version.epoch) return version.value > old.version.value;
  if (adopt) return true;
  throw new ComponentError('SEARCH_EPOCH_CHANGED', `${id} has a version of another epoch`, { details: { id } });
}

function extracts(document: SearchDocument, names: readonly string[], words: readonly string[]) {
  const found = names.flatMap((name) => {
    const extract = highlighted(String(document[name] ?? ''), words);
    return extract === undefined ? [] : [[name, [extract]] as const];
  });
  return Object.fromEntries(found);
}

function countsOf(all: readonly Ranked[], names: readonly string[]) {
  const counts = names.map((name) => {
    const values = all.flatMap(({ document }) => document[name] ?? []);
    return [name, mostFrequent(values, 10)] as const;
  });
  return Object.fromEntries(counts);
}

function mostFrequent(values: readonly SearchValue[], limit: number): { value: SearchValue; count: number }[] {
  const counts = new Map<SearchValue, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
    .slice(0, limit);
}
