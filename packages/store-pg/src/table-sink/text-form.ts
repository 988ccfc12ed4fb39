/** What of a column's type decides how its values are written. */
export interface TextType {
  readonly json: boolean;
  /** Of the elements; absent for a type that is no array. */
  readonly element?: { readonly delimiter: string; readonly type: TextType };
}

/**
 * The text that Postgres reads for a value: lossless for all that the change feed gives (bigint, numeric and times as text,
 * bytes, nested arrays, json) and for plain JavaScript values.
 *
 * For json and jsonb a string is a JSON string, not JSON text; an object that knows its own text (`toPostgres`) gives that.
 */
export function textForm(value: unknown, type: TextType): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object' && 'toPostgres' in value && typeof value.toPostgres === 'function') {
    return String(value.toPostgres());
  }
  if (type.json) return JSON.stringify(value, plain);
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
      return objectForm(value, type);
    default:
      return String(value);
  }
}

function objectForm(value: object, type: TextType): string {
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return arrayForm(value, type.element ?? { delimiter: ',', type });
  // An object that says what it is in text (an interval, a range) is taken at its word.
  return value.toString === Object.prototype.toString ? JSON.stringify(value, plain) : String(value);
}

/** Postgres 18, arrays: "Array Input and Output Syntax". Elements are quoted, so no text can be taken for a NULL. */
function arrayForm(items: readonly unknown[], element: NonNullable<TextType['element']>): string {
  const parts = items.map((item) => {
    if (Array.isArray(item) && !element.type.json) return arrayForm(item, element);
    const text = textForm(item, element.type);
    return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(element.delimiter)}}`;
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
