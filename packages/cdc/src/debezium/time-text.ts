/** Dates and times as Postgres prints them (DateStyle ISO, TimeZone UTC), as numbers and texts of Debezium. */

const DAY_MICROS = 86_400_000_000n;
/** What stands for the infinities of `timestamp`, in microseconds. */
const INFINITE_MICROS = 9_223_372_036_825_200_000n;
const MINUS_INFINITE_MICROS = -9_223_372_036_832_400_000n;
/** The same of `date`, in days. */
const INFINITE_DAYS = 2_147_483_647;

/** Days since 1970. */
export function epochDays(text: string): number {
  if (text.endsWith('infinity')) return text.startsWith('-') ? -INFINITE_DAYS - 1 : INFINITE_DAYS;
  const { year, month, day } = dateOf(text);
  return daysFromCivil(year, month, day);
}

/** Microseconds since 1970 of a `timestamp` without time zone. */
export function epochMicros(text: string): bigint {
  if (text.endsWith('infinity')) return text.startsWith('-') ? MINUS_INFINITE_MICROS : INFINITE_MICROS;
  const { year, month, day } = dateOf(text);
  return BigInt(daysFromCivil(year, month, day)) * DAY_MICROS + microsOfDay(text.slice(text.indexOf(' ') + 1));
}

/** Microseconds since midnight; what follows the time is left out. */
export function microsOfDay(text: string): bigint {
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = TIME.exec(text) ?? [];
  const whole = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** A `timestamptz` in ISO 8601, in UTC. */
export function isoInstant(text: string): string {
  if (text.endsWith('infinity')) return text;
  const { year, month, day } = dateOf(text);
  return `${isoYear(year)}-${two(month)}-${two(day)}T${isoTime(microsOfDay(text.slice(text.indexOf(' ') + 1)))}Z`;
}

/** A `timetz` in ISO 8601, brought to UTC. */
export function isoOffsetTime(text: string): string {
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(text) ?? [];
  const offset = BigInt(Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000n;
  const utc = microsOfDay(text) - (sign === '-' ? -offset : offset);
  return `${isoTime(((utc % DAY_MICROS) + DAY_MICROS) % DAY_MICROS)}Z`;
}

/** An `interval` in microseconds, a month taken as 365.25 / 12 days; about, as Debezium has it. */
export function intervalMicros(text: string): bigint {
  const unit = (name: string) => Number(new RegExp(`([+-]?\\d+) ${name}`).exec(text)?.[1] ?? 0);
  const months = unit('year') * 12 + unit('mon');
  const [time = ''] = /[+-]?\d+:\d+:\d+(\.\d+)?$/.exec(text) ?? [];
  const micros = Number(microsOfDay(time.replace(/^[+-]/, ''))) * (time.startsWith('-') ? -1 : 1);
  return BigInt(Math.trunc((months * DAYS_PER_MONTH + unit('day')) * Number(DAY_MICROS) + micros));
}

const DAYS_PER_MONTH = 365.25 / 12;
const TIME = /^(\d+):(\d+):(\d+)(?:\.(\d+))?/;
const OFFSET = /([+-])(\d+)(?::(\d+))?(?::(\d+))?$/;

/** Years before Christ are 0 and below, as astronomers count. */
function dateOf(text: string): { year: number; month: number; day: number } {
  const [, year = '0', month = '1', day = '1'] = /^(\d+)-(\d+)-(\d+)/.exec(text) ?? [];
  const counted = text.endsWith(' BC') ? 1 - Number(year) : Number(year);
  return { year: counted, month: Number(month), day: Number(day) };
}

/** Beyond what `Date` can hold, too: Postgres goes to the year 294276. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Without zeros at the end of the fraction. */
function isoTime(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n);
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  const time = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '' ? time : `${time}.${fraction}`;
}

function isoYear(year: number): string {
  if (year > 9_999) return `+${year}`;
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
