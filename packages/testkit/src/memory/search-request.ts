import {
  type SearchCondition,
  type SearchDocument,
  type SearchFieldKind,
  type SearchFields,
  type SearchRequest,
  type SearchValue,
  searchFieldKind,
} from '@sluice/contracts';

/** Whether a document fulfils all conditions. */
export function fulfils(document: SearchDocument, where: SearchRequest['where'], fields: SearchFields): boolean {
  return Object.entries(where ?? {}).every(([name, condition]) => {
    const kind = searchFieldKind(fields, name);
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

function comparableValue(value: string | number | boolean, kind: SearchFieldKind): string | number | boolean {
  return kind === 'date' ? Date.parse(String(value)) : value;
}
