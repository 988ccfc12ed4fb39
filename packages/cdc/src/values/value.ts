import type { JsonText } from './json-text.js';

/**
 * What a column can hold: `int2`, `int4`, `oid`, `float4`, `float8` are numbers, `int8` is a bigint, `bool` a boolean,
 * `bytea` a Uint8Array, `json` and `jsonb` a {@link JsonText}, arrays of any of these are arrays. All else (`numeric`, dates,
 * times, `uuid`, enums, composites, types of extensions) is the text as Postgres prints it with DateStyle ISO, IntervalStyle
 * postgres and TimeZone UTC. So nothing is rounded.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | JsonText | ArrayValue;

/** An array, nested as Postgres has it. */
export type ArrayValue = Value[];

/** Reads a value in place; what it returns owns its bytes. */
export type ValueReader = (buffer: import('../wire/bytes.js').WireBuffer, start: number, end: number) => Value;
