import {
  ComponentError,
  type SearchCondition,
  type SearchDocument,
  type SearchFieldKind,
  type SearchFields,
  type SearchRequest,
  type SearchValue,
} from '@sluice/contracts';

/** @throws ComponentError `SEARCH_FIELD_UNKNOWN`, `SEARCH_REQUEST_INVALID` for what there cannot be. */
export function refuseBadRequest(request: SearchRequest, fields: SearchFields): void {
  const { where = {}, sort = [], facets = [], highlight = [], limit = 10, skip = 0, after } = request;
  for (const name of [...Object.keys(where), ...sort.map(({ field }) => field), ...facets]) {
    if (kindOf(fields, name) === 'text') throw unknownField(name, 'is text');
  }
  for (const name of highlight) if (kindOf(fields, name) !== 'text') throw unknownField(name, 'is not text');
  const whole = Number.isInteger(limit) && Number.isInteger(skip);
  if (!whole || limit < 0 || limit > 1_000 || skip < 0 || skip + limit > 10_000) {
    throw new ComponentError('SEARCH_REQUEST_INVALID', '`limit` is 0 to 1,000, and 10,000 at most with `skip`');
  }
  if (after !== undefined && skip > 0) {
    throw new ComponentError('SEARCH_REQUEST_INVALID', '`after` and `skip` cannot be given together');
  }
  for (const [name, condition] of Object.entries(where)) {
    for (const value of valuesIn(condition)) {
      if (fits(value, kindOf(fields, name))) continue;
      throw new ComponentError('SEARCH_REQUEST_INVALID', `a value for ${name} is not of its kind`, {
        details: { field: name },
      });
    }
  }
}

/** Whether a field may have this value. */
export function fits(value: unknown, kind: SearchFieldKind): boolean {
  if (value === null) return true;
  if (kind === 'number') return Number.isFinite(value);
  if (kind === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string' && (kind !== 'date' || !Number.isNaN(Date.parse(value)));
}

/** Whether a document fulfils all conditions. */
export function fulfils(document: SearchDocument, where: SearchRequest['where'], fields: SearchFields): boolean {
  return Object.entries(where ?? {}).every(([name, condition]) => {
    const kind = kindOf(fields, name);
    const value = comparable(document, name, kind);
    const as = (other: SearchValue) => (other === null ? null : comparableValue(other, kind));
    if (Array.isArray(condition)) return condition.some((each) => as(each) === value);
    if (condition === null || typeof condition !== 'object') return as(condition as SearchValue) === value;
    if (value === null) return false;
    const { gte, gt, lte, lt } = condition as Exclude<SearchCondition, SearchValue | readonly SearchValue[]>;
    return (
      (gte === undefined || value >= comparableValue(gte, kind)) &&
      (gt === undefined || value > comparableValue(gt, kind)) &&
      (lte === undefined || value <= comparableValue(lte, kind)) &&
      (lt === undefined || value < comparableValue(lt, kind))
    );
  });
}

/** A field's value as it is compared; null when there is none. */
export function comparable(
  document: SearchDocument,
  name: string,
  kind: SearchFieldKind,
): string | number | boolean | null {
  const value = Object.hasOwn(document, name) ? (document[name] ?? null) : null;
  return value === null ? null : comparableValue(value, kind);
}

/** @throws ComponentError `SEARCH_FIELD_UNKNOWN` when there is no such field. */
export function kindOf(fields: SearchFields, name: string): SearchFieldKind {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw unknownField(name, 'is not there');
  return field.kind;
}

function comparableValue(value: string | number | boolean, kind: SearchFieldKind): string | number | boolean {
  return kind === 'date' ? Date.parse(String(value)) : value;
}

function valuesIn(condition: SearchCondition): unknown[] {
  if (Array.isArray(condition)) return condition;
  return condition !== null && typeof condition === 'object' ? Object.values(condition) : [condition];
}

function unknownField(name: string, why: string): ComponentError {
  return new ComponentError('SEARCH_FIELD_UNKNOWN', `the field ${name} ${why}`, { details: { field: name } });
}
