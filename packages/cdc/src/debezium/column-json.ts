import { ComponentError, UNCHANGED } from '@sluice/contracts';
import type { ColumnType } from '../change/column-type.js';
import { elementType } from '../values/by-type.js';
import { JsonText } from '../values/json-text.js';
import { type Decimal, parseDecimal, rescaled, stripped, unscaledBase64 } from './decimal.js';
import { epochDays, epochMicros, intervalMicros, isoInstant, isoOffsetTime, microsOfDay } from './time-text.js';

/** Debezium's `unavailable.value.placeholder`: a large value that an update left alone, and Postgres did not send. */
export const UNAVAILABLE = '__debezium_unavailable_value';

/** A value of a column as JSON text. */
export type ColumnJson = (value: unknown) => string;

/**
 * How values of a column are written: as Debezium does with its defaults (time.precision.mode adaptive, decimal.handling.mode
 * precise, binary.handling.mode bytes, interval.handling.mode numeric), and as JSON without schemas. Integers keep every digit.
 * Types that it does not know (of extensions, composites) are texts.
 *
 * @throws ComponentError `CDC_DEBEZIUM_VALUE` from the function it returns.
 */
export function columnJson(column: ColumnType): ColumnJson {
  const element = elementType(column.typeOid);
  const write = element === undefined ? scalarJson(column) : arrayJson(columnJson({ ...column, typeOid: element }));
  const unavailable = unavailableJson(column, element !== undefined);
  return (value) => {
    if (value === null || value === undefined) return 'null';
    return value === UNCHANGED ? unavailable : write(value);
  };
}

/** Object ids are fixed in pg_type.dat. */
const Type = {
  bytea: 17,
  json: 114,
  xml: 142,
  point: 600,
  money: 790,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  bit: 1560,
  varbit: 1562,
  numeric: 1700,
  jsonb: 3802,
} as const;

function scalarJson(column: ColumnType): ColumnJson {
  const text = (convert: (text: string) => string | number | bigint) => (value: unknown) =>
    plainJson(convert(String(value)));
  switch (column.typeOid) {
    case Type.numeric:
      return numericJson(column);
    case Type.money:
      return (value) => quoted(unscaledBase64(rescaled(decimalOf(moneyDigits(String(value)), column), 2)));
    case Type.date:
      return text(epochDays);
    case Type.time:
      return text(precise(column, microsOfDay));
    case Type.timestamp:
      return text(precise(column, epochMicros));
    case Type.timestamptz:
      return text(isoInstant);
    case Type.timetz:
      return text(isoOffsetTime);
    case Type.interval:
      return text(intervalMicros);
    case Type.bit:
    case Type.varbit:
      return column.typeMod === 1 ? (value) => String(value === '1') : text(bitsBase64);
    case Type.point:
      return (value) => pointJson(String(value));
    default:
      return plainJson;
  }
}

/** By what the value is. */
function plainJson(value: unknown): string {
  switch (typeof value) {
    case 'number':
      // Jackson quotes what JSON has no number for.
      return Number.isFinite(value) ? String(value) : quoted(String(value));
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value instanceof JsonText) return quoted(value.text);
      if (value instanceof Uint8Array) return quoted(base64(value));
      if (Array.isArray(value)) return arrayJson(plainJson)(value);
      return quoted(String(value));
  }
}

function arrayJson(element: ColumnJson): ColumnJson {
  const write: ColumnJson = (value) => {
    // One whose lower bounds are not 1 is text.
    if (!Array.isArray(value)) return plainJson(value);
    return `[${value.map((item) => (Array.isArray(item) ? write(item) : element(item))).join(',')}]`;
  };
  return write;
}

/** Up to three digits of a second are milliseconds, more are microseconds. Without a number of digits there are six. */
function precise({ typeMod }: ColumnType, micros: (text: string) => bigint): (text: string) => bigint {
  if (typeMod < 0 || typeMod > 3) return micros;
  return (text) => micros(text) / 1_000n;
}

function numericJson(column: ColumnType): ColumnJson {
  const { typeMod } = column;
  if (typeMod < HEADER) {
    return (value) => {
      const decimal = stripped(decimalOf(String(value), column));
      return `{"scale":${decimal.scale},"value":${quoted(unscaledBase64(decimal))}}`;
    };
  }
  // Eleven bits with a sign (Postgres 15; above 0 and below 1,001 before).
  const scale = (((typeMod - HEADER) & 0x7ff) ^ 1024) - 1024;
  return (value) => quoted(unscaledBase64(rescaled(decimalOf(String(value), column), scale)));
}

/** What every `atttypmod` of a type with a length counts besides. */
const HEADER = 4;

function decimalOf(text: string, { name }: ColumnType): Decimal {
  const decimal = parseDecimal(text);
  if (decimal) return decimal;
  throw new ComponentError('CDC_DEBEZIUM_VALUE', `column ${name} holds no number`, { details: { column: name } });
}

/** `-$1,234.56`, as the server's locale has it, with two digits behind the point. */
function moneyDigits(text: string): string {
  const digits = text.replace(/\D/g, '').padStart(3, '0');
  return `${/[-(]/.test(text) ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The lowest byte first, without empty bytes at the end. */
function bitsBase64(bits: string): string {
  const bytes: number[] = [];
  for (let end = bits.length; end > 0; end -= 8) bytes.push(Number.parseInt(bits.slice(Math.max(0, end - 8), end), 2));
  while (bytes.at(-1) === 0) bytes.pop();
  return base64(Uint8Array.from(bytes));
}

function pointJson(text: string): string {
  const [x = 0, y = 0] = text
    .slice(1, -1)
    .split(',')
    .map((part) => Number(part));
  const wkb = Buffer.alloc(21);
  wkb.writeUInt8(1, 0);
  wkb.writeUInt32LE(1, 1);
  wkb.writeDoubleLE(x, 5);
  wkb.writeDoubleLE(y, 13);
  return `{"x":${plainJson(x)},"y":${plainJson(y)},"wkb":${quoted(base64(wkb))},"srid":null}`;
}

function unavailableJson({ typeOid }: ColumnType, array: boolean): string {
  if (array) return `[${quoted(UNAVAILABLE)}]`;
  return quoted(typeOid === Type.bytea ? base64(Buffer.from(UNAVAILABLE)) : UNAVAILABLE);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
