import {
  ComponentError,
  type SearchDocument,
  type SearchFields,
  type SearchRequest,
  searchFieldKind,
} from '@sluice/contracts';
import { comparable } from './search-request.js';

/** A document that matches, and how well. */
export interface Ranked {
  readonly id: string;
  readonly document: SearchDocument;
  readonly score: number;
}

type Placed = Pick<Ranked, 'id' | 'document' | 'score'>;

/** As the request wants them sorted: by its fields, or by score; then by what decides ties, and by id. */
export function inOrder(found: readonly Ranked[], request: SearchRequest, fields: SearchFields): Ranked[] {
  return found.toSorted((a, b) => compare(a, b, request, fields));
}

/** Names the place behind a hit. */
export function cursorOf({ id, document, score }: Ranked, request: SearchRequest): string {
  const values = [...(request.sort ?? []), ...(request.ties ?? [])].map(({ field }) => [
    field,
    document[field] ?? null,
  ]);
  return Buffer.from(JSON.stringify({ of: signature(request), id, score, values })).toString('base64url');
}

/**
 * What follows the place that `after` names, also when the hit itself is gone.
 *
 * @throws ComponentError `SEARCH_CURSOR_INVALID` when it names none, or one of another request.
 */
export function afterCursor(sorted: readonly Ranked[], request: SearchRequest, fields: SearchFields): Ranked[] {
  const place = placeOf(request);
  return sorted.filter((hit) => compare(hit, place, request, fields) > 0);
}

function placeOf(request: SearchRequest): Placed {
  try {
    const { of, id, score, values } = JSON.parse(Buffer.from(request.after ?? '', 'base64url').toString());
    if (of === signature(request)) return { id, score, document: Object.fromEntries(values) };
  } catch {
    // Refused below, as one of another request is.
  }
  throw new ComponentError('SEARCH_CURSOR_INVALID', '`after` is not the `next` of this request');
}

function signature({ text = '', where = {}, sort, ties }: SearchRequest): string {
  return JSON.stringify([text, where, sort, ties]);
}

function compare(a: Placed, b: Placed, { sort, ties = [] }: SearchRequest, fields: SearchFields): number {
  if (sort === undefined && a.score !== b.score) return b.score - a.score;
  for (const { field, order } of [...(sort ?? []), ...ties]) {
    const [x, y] = [a, b].map(({ document }) => comparable(document, field, searchFieldKind(fields, field)));
    if (x === y || x === undefined || y === undefined) continue;
    if (x === null || y === null) return x === null ? 1 : -1;
    return x < y === (order === 'asc') ? -1 : 1;
  }
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
