import { parseArray } from './array.js';
import { parseBytea, readBytea } from './bytea.js';
import { JsonText } from './json-text.js';
import { readBigint, readFloat, readInteger } from './numbers.js';
import type { Value, ValueReader } from './value.js';

const text = (value: string): Value => value;
const json = (value: string): Value => new JsonText(value);
const bool = (value: string): Value => value === 't';

const readText: ValueReader = (buffer, start, end) => buffer.utf8Slice(start, end);
/** For types whose text is ASCII whatever the locale. */
const readAscii: ValueReader = (buffer, start, end) => buffer.latin1Slice(start, end);
const readJson: ValueReader = (buffer, start, end) => new JsonText(buffer.utf8Slice(start, end));
const readBool: ValueReader = (buffer, start) => buffer[start] === 0x74;

interface ScalarType {
  readonly oid: number;
  readonly array: number;
  readonly read: ValueReader;
  readonly parse: (text: string) => Value;
}

const scalar = (oid: number, array: number, read: ValueReader, parse: (text: string) => Value): ScalarType => ({
  oid,
  array,
  read,
  parse,
});
const ascii = (oid: number, array: number) => scalar(oid, array, readAscii, text);
const utf8 = (oid: number, array: number) => scalar(oid, array, readText, text);

/** Object ids are fixed in pg_type.dat. */
const SCALARS: readonly ScalarType[] = [
  scalar(16, 1000, readBool, bool), // bool
  scalar(17, 1001, readBytea, parseBytea), // bytea
  scalar(20, 1016, readBigint, BigInt), // int8
  scalar(21, 1005, readInteger, Number), // int2
  scalar(23, 1007, readInteger, Number), // int4
  scalar(26, 1028, readInteger, Number), // oid
  scalar(700, 1021, readFloat, Number), // float4
  scalar(701, 1022, readFloat, Number), // float8
  scalar(114, 199, readJson, json), // json
  scalar(3802, 3807, readJson, json), // jsonb
  ascii(1700, 1231), // numeric
  ascii(1082, 1182), // date
  ascii(1083, 1183), // time
  ascii(1114, 1115), // timestamp
  ascii(1184, 1185), // timestamptz
  ascii(1186, 1187), // interval
  ascii(1266, 1270), // timetz
  ascii(2950, 2951), // uuid
  ascii(869, 1041), // inet
  ascii(650, 651), // cidr
  ascii(829, 1040), // macaddr
  ascii(774, 775), // macaddr8
  ascii(1560, 1561), // bit
  ascii(1562, 1563), // varbit
  ascii(3220, 3221), // pg_lsn
  utf8(18, 1002), // "char"
  utf8(19, 1003), // name
  utf8(25, 1009), // text
  utf8(1042, 1014), // bpchar
  utf8(1043, 1015), // varchar
  utf8(142, 143), // xml
  utf8(790, 791), // money
  utf8(600, 1017), // point
  utf8(3614, 3643), // tsvector
  utf8(3615, 3645), // tsquery
  utf8(4072, 4073), // jsonpath
  ascii(3904, 3905), // int4range
  ascii(3906, 3907), // numrange
  ascii(3908, 3909), // tsrange
  ascii(3910, 3911), // tstzrange
  ascii(3912, 3913), // daterange
  ascii(3926, 3927), // int8range
];

const READERS = new Map<number, ValueReader>();
for (const { oid, array, read, parse } of SCALARS) {
  READERS.set(oid, read);
  READERS.set(array, (buffer, start, end) => parseArray(buffer.utf8Slice(start, end), parse));
}

const ELEMENTS = new Map(SCALARS.map(({ oid, array }) => [array, oid]));

/** The type of the elements of an array type that is built in. */
export function elementType(typeOid: number): number | undefined {
  return ELEMENTS.get(typeOid);
}

/** How values of a type are read; a type that is not built in is text. */
export function valueReader(typeOid: number): ValueReader {
  return READERS.get(typeOid) ?? readText;
}
