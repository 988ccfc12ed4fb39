import type { SearchCondition, SearchRequest, SearchValue } from '@sluice/contracts';
import { comparableValue } from './document-columns.js';
import type { NumberedField, NumberedIndex } from './index-fields.js';
import type { Parameters } from './parameters.js';

/** The conditions of a request as SQL, each with AND before it. */
export function conditionsSql(where: SearchRequest['where'], index: NumberedIndex, parameters: Parameters): string {
  return Object.entries(where ?? {})
    .map(([name, condition]) => ` AND ${conditionSql(fieldOf(index, name), condition, parameters)}`)
    .join('');
}

/** A field's value as SQL, in a type that compares as the contract says. */
export function valueSql({ number, kind }: NumberedField): string {
  return `(d.fields->>'${number}')${CASTS[kind]}`;
}

/** The type of {@link valueSql}. */
export function typeOf({ kind }: NumberedField): string {
  return TYPES[kind];
}

/** A field that was checked to be there. */
export function fieldOf(index: NumberedIndex, name: string): NumberedField {
  return index.fields.get(name) as NumberedField;
}

const TYPES = { text: 'text', keyword: 'text', number: 'float8', date: 'float8', boolean: 'int' } as const;
// Aggregates know no least boolean.
const CASTS = {
  ...{ text: ' COLLATE "C"', keyword: ' COLLATE "C"' },
  ...{ number: '::float8', date: '::float8', boolean: '::boolean::int' },
};
const OPERATORS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

function conditionSql(field: NumberedField, condition: SearchCondition, parameters: Parameters): string {
  if (Array.isArray(condition)) return oneOfSql(field, condition, parameters);
  if (condition === null || typeof condition !== 'object') {
    return oneOfSql(field, [condition as SearchValue], parameters);
  }
  const bounds = Object.entries(OPERATORS).flatMap(([name, operator]) => {
    const bound = (condition as Record<string, string | number | undefined>)[name];
    if (bound === undefined) return [];
    return [`${valueSql(field)} ${operator} ${parameters.add(asColumn(bound, field), typeOf(field))}`];
  });
  return `(${[`${valueSql(field)} IS NOT NULL`, ...bounds].join(' AND ')})`;
}

function oneOfSql(field: NumberedField, values: readonly SearchValue[], parameters: Parameters): string {
  const some = values.filter((value) => value !== null).map((value) => asColumn(value, field));
  const isOne = `${valueSql(field)} = ANY (${parameters.add(some, `${typeOf(field)}[]`)})`;
  return some.length < values.length ? `(${valueSql(field)} IS NULL OR ${isOne})` : isOne;
}

/** A value as a parameter of {@link typeOf}. */
export function asColumn(value: string | number | boolean, field: NumberedField): string | number {
  const comparable = comparableValue(value, field);
  return typeof comparable === 'boolean' ? Number(comparable) : comparable;
}
