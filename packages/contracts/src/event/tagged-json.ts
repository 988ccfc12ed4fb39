import { ComponentError } from '../failure/component-error.js';
import { UNCHANGED } from './unchanged.js';

/** Nesting that is stored; deeper values would exhaust the stack of whoever reads them. */
const MAX_DEPTH = 1_000;

/** A value as JSON can say it; what JSON has no form for is `{ $: tag, v: content }`. */
export type Tagged = string | number | boolean | null | readonly Tagged[] | { readonly [name: string]: Tagged };

/**
 * The tagged form of any value, which {@link untagged} turns back: `bigint`, `undefined`, `UNCHANGED`, numbers such as `NaN` and
 * `-0`, `Date`, `Map`, `Set`, `ArrayBuffer`, typed arrays, objects without a prototype, and names such as `__proto__` and `$` come
 * back as they were.
 *
 * Not so: an object with a `toJSON` method becomes what that gives, another instance of a class a plain object of its own enumerable
 * members, a `Buffer` a `Uint8Array`; members that are functions or symbols are left out, in arrays they become `undefined`.
 *
 * @throws ComponentError `EVENT_NOT_STORABLE` for a value that contains itself, or is nested deeper than 1,000 levels.
 */
export function tagged(value: unknown): Tagged {
  return encode(value, []);
}

/** The value that {@link tagged} was given. */
export function untagged(value: Tagged): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(untagged);
  const object = value as { readonly [name: string]: Tagged };
  return Object.hasOwn(object, '$') ? decodeTag(object['$'] as string, object['v']) : decodeEntries(object);
}

function encode(value: unknown, within: object[]): Tagged {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tag('number', numberText(value));
    case 'bigint':
      return tag('bigint', value.toString());
    case 'object':
      return value === null ? null : encodeObject(value, within);
    default:
      return value === UNCHANGED ? tag('unchanged') : tag('undefined');
  }
}

function encodeObject(value: object, within: object[]): Tagged {
  if (value instanceof Date) return tag('date', Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof ArrayBuffer) return tag('ArrayBuffer', base64(new Uint8Array(value)));
  const array = typedArrayName(value);
  if (array !== undefined) {
    const { buffer, byteOffset, byteLength } = value as Uint8Array;
    return tag(array, base64(new Uint8Array(buffer, byteOffset, byteLength)));
  }
  if (within.includes(value) || within.length >= MAX_DEPTH) {
    const what = within.length >= MAX_DEPTH ? `is nested deeper than ${MAX_DEPTH} levels` : 'contains itself';
    throw new ComponentError('EVENT_NOT_STORABLE', `the data ${what}`, { details: { depth: within.length } });
  }
  within.push(value);
  const encoded = encodeNested(value, (item) => encode(item, within));
  within.pop();
  return encoded;
}

function encodeNested(value: object, item: (value: unknown) => Tagged): Tagged {
  if (Array.isArray(value)) return Array.from(value, item);
  if (value instanceof Map)
    return tag(
      'map',
      [...value].map(([name, held]) => [item(name), item(held)]),
    );
  if (value instanceof Set) return tag('set', [...value].map(item));
  if ('toJSON' in value && typeof value.toJSON === 'function') return item(value.toJSON(''));
  const entries = Object.entries(value).filter(([, held]) => !isLeftOut(held));
  const bare = Object.getPrototypeOf(value) === null;
  // Names that mean something to us or to JavaScript travel as a list.
  if (!bare && entries.every(([name]) => name !== '$' && name !== '__proto__')) {
    return Object.fromEntries(entries.map(([name, held]) => [name, item(held)]));
  }
  return tag(
    bare ? 'bare' : 'object',
    entries.map(([name, held]) => [name, item(held)]),
  );
}

function decodeTag(name: string, content: Tagged | undefined): unknown {
  switch (name) {
    case 'undefined':
      return undefined;
    case 'unchanged':
      return UNCHANGED;
    case 'number':
      return Number(content);
    case 'bigint':
      return BigInt(content as string);
    case 'date':
      return new Date(content === null ? Number.NaN : (content as string));
    case 'map':
      return new Map((content as [Tagged, Tagged][]).map(([key, held]) => [untagged(key), untagged(held)]));
    case 'set':
      return new Set((content as Tagged[]).map(untagged));
    case 'object':
    case 'bare':
      return objectOf(content as [string, Tagged][], name === 'bare' ? null : Object.prototype);
    case 'ArrayBuffer':
      return bytesOf(content as string).buffer;
    default: {
      const Made = TYPED_ARRAYS.find((one) => one.name === name);
      if (Made) return new Made(bytesOf(content as string).buffer);
      throw new ComponentError('EVENT_FORMAT', 'the stored event has a kind of value that is not known', {
        details: { tag: name },
      });
    }
  }
}

function decodeEntries(object: { readonly [name: string]: Tagged }): object {
  return objectOf(Object.entries(object), Object.prototype);
}

/** By definition, never by assignment: a member called `__proto__` is data. */
function objectOf(entries: readonly (readonly [string, Tagged])[], prototype: object | null): object {
  const made: object = Object.create(prototype);
  for (const [name, held] of entries) {
    const value = untagged(held);
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

const TYPED_ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

function typedArrayName(value: object): string | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return TYPED_ARRAYS.find((one) => value instanceof one)?.name;
}

function tag(name: string, content?: Tagged): Tagged {
  return content === undefined ? { $: name } : { $: name, v: content };
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function isLeftOut(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'symbol' && value !== UNCHANGED);
}

/** In steps: a call takes only so many arguments. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
