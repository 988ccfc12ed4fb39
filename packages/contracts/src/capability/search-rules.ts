import { ComponentError } from '../failure/component-error.js';
import type { SearchChange, SearchCondition, SearchFieldKind, SearchFields, SearchRequest } from './search-index.js';

/** The words of a text as every index takes them apart: runs of letters, digits and marks, composed (NFC), in lower case. */
export function searchWords(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  );
}

/**
 * As what a field is filtered, sorted and counted: its kind, or `keyword` for text that may be used as a whole.
 *
 * @throws ComponentError `SEARCH_FIELD_UNKNOWN` when there is no such field.
 */
export function searchFieldKind(fields: SearchFields, name: string): SearchFieldKind {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw unknownField(name, 'is not there');
  return field.kind === 'text' && field.keyword ? 'keyword' : field.kind;
}

/**
 * Refuses a request that no index of these fields can answer.
 *
 * @throws ComponentError `SEARCH_FIELD_UNKNOWN`, `SEARCH_REQUEST_INVALID`.
 */
export function refuseBadSearchRequest(request: SearchRequest, fields: SearchFields): void {
  const { where = {}, sort = [], ties = [], facets = [], highlight = [], limit = 10, skip = 0, after } = request;
  const whole = [...Object.keys(where), ...[...sort, ...ties].map(({ field }) => field), ...facets];
  for (const name of whole) if (searchFieldKind(fields, name) === 'text') throw unknownField(name, 'is text');
  for (const name of highlight) refuseUnlessText(name, fields);
  const numbers = Number.isInteger(limit) && Number.isInteger(skip);
  if (!numbers || limit < 0 || limit > 1_000 || skip < 0 || skip + limit > 10_000) {
    throw invalid('`limit` is 0 to 1,000, and 10,000 at most with `skip`');
  }
  if (after !== undefined && skip > 0) throw invalid('`after` and `skip` cannot be given together');
  for (const [name, condition] of Object.entries(where)) {
    if (valuesIn(condition).every((value) => fits(value, searchFieldKind(fields, name)))) continue;
    throw new ComponentError('SEARCH_REQUEST_INVALID', `a value for ${name} is not of its kind`, {
      details: { field: name },
    });
  }
}

/**
 * What every index asks of `suggest` before it looks anything up.
 *
 * @throws ComponentError `SEARCH_FIELD_UNKNOWN` unless it is a text field; `SEARCH_REQUEST_INVALID` for a bad limit.
 */
export function refuseBadSuggestion(field: string, limit: number, fields: SearchFields): void {
  refuseUnlessText(field, fields);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw invalid('`limit` is 1 to 100');
}

/** What is wrong with a change that an index of these fields must refuse: `SEARCH_DOCUMENT_REFUSED`. */
export function wrongSearchChange({ id, document }: SearchChange, fields: SearchFields): ComponentError | undefined {
  if (id === '' || id.length > 512 || new TextEncoder().encode(id).length > 512) {
    return new ComponentError('SEARCH_DOCUMENT_REFUSED', 'the id has 1 to 512 bytes');
  }
  const bad = Object.entries(document ?? {}).find(
    ([name, value]) => Object.hasOwn(fields, name) && !fits(value, searchFieldKind(fields, name)),
  );
  if (bad === undefined) return undefined;
  return new ComponentError('SEARCH_DOCUMENT_REFUSED', `the value of ${bad[0]} is not of its kind`, {
    details: { field: bad[0] },
  });
}

function refuseUnlessText(name: string, fields: SearchFields): void {
  searchFieldKind(fields, name);
  if (fields[name]?.kind !== 'text') throw unknownField(name, 'is not text');
}

function fits(value: unknown, kind: SearchFieldKind): boolean {
  if (value === null) return true;
  if (kind === 'number') return Number.isFinite(value);
  if (kind === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string' && (kind !== 'date' || !Number.isNaN(Date.parse(value)));
}

function valuesIn(condition: SearchCondition): unknown[] {
  if (Array.isArray(condition)) return condition;
  return condition !== null && typeof condition === 'object' ? Object.values(condition) : [condition];
}

function unknownField(name: string, why: string): ComponentError {
  return new ComponentError('SEARCH_FIELD_UNKNOWN', `the field ${name} ${why}`, { details: { field: name } });
}

const invalid = (message: string) => new ComponentError('SEARCH_REQUEST_INVALID', message);
