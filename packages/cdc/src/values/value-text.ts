import { JsonText } from './json-text.js';

/** A value as text that Postgres accepts for its type: the text of a key. `undefined` for what has none (null). */
export function valueText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 't' : 'f';
    default:
      return objectText(value);
  }
}

function objectText(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return `{${value.map(itemText).join(',')}}`;
  return undefined;
}

function itemText(item: unknown): string {
  if (item === null) return 'NULL';
  const text = valueText(item) ?? '';
  return Array.isArray(item) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
