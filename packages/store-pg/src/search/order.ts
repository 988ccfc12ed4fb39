import { ComponentError, type SearchRequest } from '@sluice/contracts';
import { hashOfText } from '../connection/text-column.js';
import { fieldOf, typeOf, valueSql } from './conditions.js';
import type { NumberedIndex } from './index-fields.js';
import type { Parameters } from './parameters.js';

/** One of the values that hits are sorted by. */
export interface SortKey {
  /** Its column among the documents found. */
  readonly column: string;
  /** From a document; undefined for what is a column in any case. */
  readonly sql?: string;
  readonly type: string;
  readonly order: 'asc' | 'desc';
}

/** By score or by the fields asked for, then by what decides ties, then by id. */
export function sortKeys({ sort, ties = [] }: SearchRequest, index: NumberedIndex): SortKey[] {
  const fields = [...(sort ?? []), ...ties].map(({ field, order }, at): SortKey => {
    const numbered = fieldOf(index, field);
    return { column: `k${at}`, sql: valueSql(numbered), type: typeOf(numbered), order };
  });
  return [
    ...(sort === undefined ? [{ column: 'score', type: 'float8', order: 'desc' } as const] : []),
    ...fields,
    { column: 'id', type: 'text', order: 'asc' },
  ];
}

/** What has no value comes last. */
export function orderSql(keys: readonly SortKey[]): string {
  return keys.map(({ column, order }) => `${column} ${order} NULLS LAST`).join(', ');
}

type Value = string | number | null;

/** Names the place behind a hit. */
export function cursorOf(request: SearchRequest, place: readonly Value[]): string {
  return Buffer.from(JSON.stringify([signature(request), ...place])).toString('base64url');
}

/**
 * What comes behind the place that `after` names, as SQL, with AND before it.
 *
 * @throws ComponentError `SEARCH_CURSOR_INVALID` when it names none, or one of another request.
 */
export function afterSql(request: SearchRequest, keys: readonly SortKey[], parameters: Parameters): string {
  if (request.after === undefined) return '';
  const place = placeOf(request.after, request, keys);
  const values = keys.map(({ type }, at) => (place[at] === null ? null : parameters.add(place[at], type)));
  const ways = keys.flatMap(({ column, order }, at) => {
    const value = values[at];
    if (value == null) return [];
    const equal = keys.slice(0, at).map((key, before) => {
      return values[before] === null ? `${key.column} IS NULL` : `${key.column} = ${values[before]}`;
    });
    const beyond = `(${column} ${order === 'asc' ? '>' : '<'} ${value} OR ${column} IS NULL)`;
    return [`(${[...equal, beyond].join(' AND ')})`];
  });
  return ` AND (${ways.join(' OR ')})`;
}

function placeOf(after: string, request: SearchRequest, keys: readonly SortKey[]): readonly Value[] {
  try {
    const [of, ...place] = JSON.parse(Buffer.from(after, 'base64url').toString()) as [string, ...Value[]];
    if (of === signature(request) && place.length === keys.length && place.every(isValue)) return place;
  } catch {
    // Refused below, as one of another request is.
  }
  throw new ComponentError('SEARCH_CURSOR_INVALID', '`after` is not the `next` of this request');

  function isValue(value: unknown, at: number): boolean {
    const { type, column } = keys[at] as SortKey;
    if (value === null) return column.startsWith('k');
    return type === 'text' ? typeof value === 'string' && !value.includes('\0') : Number.isFinite(value);
  }
}

function signature({ text = '', where = {}, sort, ties }: SearchRequest): string {
  return hashOfText(JSON.stringify([text, where, sort, ties]))
    .toString('base64url')
    .slice(0, 16);
}
