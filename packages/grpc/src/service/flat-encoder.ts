import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';

/** Encodes the fields of a message; undefined when this message needs the general way. Throws when a value does not fit its field. */
export type FlatEncoder = (message: Readonly<Record<string, unknown>>) => Buffer | undefined;

/**
 * An encoder for a message type of single scalars and enumerations, undefined for any other type. It goes from the fields to bytes
 * without a message object and a chunk per field in between: the general way costs a call as much as all else that we do.
 */
export function flatEncoder(schema: DescMessage): FlatEncoder | undefined {
  const fields = [...schema.fields].sort((a, b) => a.number - b.number).map(fieldWriter);
  if (!fields.every((field) => field !== undefined)) return undefined;
  return (message) => {
    // What came from a newer schema is sent on as it came.
    if (message['$unknown'] !== undefined) return undefined;
    let at = 0;
    for (const field of fields) {
      at = field(message, at);
      if (at === FULL) return undefined;
    }
    const bytes = Buffer.allocUnsafe(at);
    slab.copy(bytes, 0, 0, at);
    return bytes;
  };
}

/** Writes a field at an offset of the slab; returns the next one, or `FULL`. */
type FieldWriter = (message: Readonly<Record<string, unknown>>, at: number) => number;

const FULL = -1;
/** Shared by all: nothing else runs while a message is encoded. Larger messages go the general way. */
const slab = Buffer.allocUnsafe(65_536);
/** A tag and a number take at most 5 and 10 bytes. */
const ROOM = slab.length - 20;

function fieldWriter(field: DescField): FieldWriter | undefined {
  const { localName, number, oneof } = field;
  if (oneof !== undefined || (field.fieldKind !== 'scalar' && field.fieldKind !== 'enum')) return undefined;
  const scalar = field.fieldKind === 'enum' ? ScalarType.INT32 : field.scalar;
  const write = WRITERS.get(scalar);
  if (write === undefined || field.presence === Presence.LEGACY_REQUIRED) return undefined;
  const explicit = field.presence === Presence.EXPLICIT;
  const tag = number * 8 + (scalar === ScalarType.STRING || scalar === ScalarType.BYTES ? 2 : 0);
  return (message, at) => {
    const value = message[localName];
    if (value === undefined || value === null) return at;
    if (explicit ? !Object.hasOwn(message, localName) : isZero(value)) return at;
    if (at > ROOM) return FULL;
    return write(value, varint(tag, at), localName);
  };
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || value === 0n || (value as { length?: number }).length === 0;
}

const WRITERS = new Map<ScalarType, (value: unknown, at: number, name: string) => number>([
  [ScalarType.STRING, (value, at, name) => (typeof value === 'string' ? text(value, at) : unfit(name))],
  [ScalarType.BYTES, (value, at, name) => (value instanceof Uint8Array ? block(value, at) : unfit(name))],
  [ScalarType.BOOL, (value, at, name) => (typeof value === 'boolean' ? varint(Number(value), at) : unfit(name))],
  [ScalarType.UINT32, (value, at, name) => (isWhole(value, 0, 0xffff_ffff) ? varint(value, at) : unfit(name))],
  [ScalarType.INT32, (value, at, name) => (isWhole(value, -0x8000_0000, 0x7fff_ffff) ? int32(value, at) : unfit(name))],
  [ScalarType.INT64, (value, at, name) => long(value, at, name, BigInt.asIntN)],
  [ScalarType.UINT64, (value, at, name) => long(value, at, name, BigInt.asUintN)],
]);

function text(value: string, at: number): number {
  // A character takes at most three bytes: up to 42 of them, the length takes one.
  if (value.length <= 42) {
    const written = slab.write(value, at + 1, 'utf8');
    slab[at] = written;
    return at + 1 + written <= ROOM ? at + 1 + written : FULL;
  }
  const length = Buffer.byteLength(value);
  if (at + length > ROOM) return FULL;
  const from = varint(length, at);
  return from + slab.write(value, from, 'utf8');
}

function block(value: Uint8Array, at: number): number {
  if (at + value.length > ROOM) return FULL;
  const from = varint(value.length, at);
  slab.set(value, from);
  return from + value.length;
}

function varint(value: number, at: number): number {
  let left = value;
  let next = at;
  while (left > 0x7f) {
    slab[next++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  slab[next++] = left;
  return next;
}

/** A negative one is ten bytes long, as 64 bits. */
function int32(value: number, at: number): number {
  return value < 0 ? varint64(BigInt.asUintN(64, BigInt(value)), at) : varint(value, at);
}

function long(value: unknown, at: number, name: string, fits: (bits: number, value: bigint) => bigint): number {
  if (
    typeof value !== 'bigint' &&
    !Number.isSafeInteger(value) &&
    !(typeof value === 'string' && /^-?\d+$/.test(value))
  ) {
    return unfit(name);
  }
  const whole = BigInt(value as bigint | number | string);
  if (fits(64, whole) !== whole) return unfit(name);
  return whole >= 0n && whole <= 0xffff_ffffn ? varint(Number(whole), at) : varint64(BigInt.asUintN(64, whole), at);
}

function varint64(value: bigint, at: number): number {
  let left = value;
  let next = at;
  while (left > 0x7fn) {
    slab[next++] = Number(left & 0x7fn) | 0x80;
    left >>= 7n;
  }
  slab[next++] = Number(left);
  return next;
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

function unfit(name: string): never {
  throw new TypeError(`the field ${name} has a value of another kind`);
}
