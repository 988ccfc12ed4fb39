import { UNCHANGED } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { columnJson } from '../../src/debezium/column-json.js';
import { JsonText } from '../../src/index.js';

const json = (typeOid: number, value: unknown, typeMod = -1) => columnJson({ name: 'c', typeOid, typeMod })(value);
/** `atttypmod` of numeric(precision, scale). */
const numericMod = (precision: number, scale: number) => ((precision << 16) | (scale & 0x7ff)) + 4;

test.each<[type: string, oid: number, value: unknown, expected: string, typeMod?: number]>([
  ['bool', 16, true, 'true'],
  ['int2', 21, -32768, '-32768'],
  ['int8', 20, 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['oid', 26, 4_294_967_295, '4294967295'],
  ['float8', 701, 1.5, '1.5'],
  ['float8', 701, Number.NaN, '"NaN"'],
  ['float8', 701, Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ['text', 25, 'a "b" \u2028\n', '"a \\"b\\" \u2028\\n"'],
  ['uuid', 2950, '123e4567-e89b-12d3-a456-426614174000', '"123e4567-e89b-12d3-a456-426614174000"'],
  ['jsonb', 3802, new JsonText('{"n": 12345678901234567890}'), '"{\\"n\\": 12345678901234567890}"'],
  ['bytea', 17, new Uint8Array([1, 2, 3]), '"AQID"'],
  ['date', 1082, '2016-11-04', '17109'],
  ['date before Christ', 1082, '0001-12-31 BC', '-719163'],
  ['date', 1082, 'infinity', '2147483647'],
  ['time', 1083, '13:51:30.123789', '49890123789'],
  ['time(3)', 1083, '13:51:30.123', '49890123', 3],
  ['time', 1083, '24:00:00', '86400000000'],
  ['timestamp', 1114, '2016-11-04 13:51:30.123456', '1478267490123456'],
  ['timestamp(3)', 1114, '2016-11-04 13:51:30.123', '1478267490123', 3],
  ['timestamp before 1970', 1114, '1969-12-31 23:59:59.999999', '-1'],
  ['timestamp', 1114, 'infinity', '9223372036825200000'],
  ['timestamp', 1114, '-infinity', '-9223372036832400000'],
  ['timestamp, far', 1114, '294276-12-31 23:59:59.999999', '9224318015999999999'],
  ['timestamptz', 1184, '2016-11-04 11:51:30.123456+00', '"2016-11-04T11:51:30.123456Z"'],
  ['timestamptz', 1184, '2016-11-04 11:51:30.5+00', '"2016-11-04T11:51:30.5Z"'],
  ['timestamptz', 1184, '2016-11-04 11:51:00+00', '"2016-11-04T11:51:00Z"'],
  ['timestamptz, far', 1184, '21016-11-04 11:51:30+00', '"+21016-11-04T11:51:30Z"'],
  ['timestamptz before Christ', 1184, '1936-10-25 22:10:12.608+00 BC', '"-1935-10-25T22:10:12.608Z"'],
  ['timestamptz', 1184, '-infinity', '"-infinity"'],
  ['timetz', 1266, '13:51:30.123789+02', '"11:51:30.123789Z"'],
  ['timetz', 1266, '23:30:00-05:30', '"05:00:00Z"'],
  ['interval', 1186, '04:05:06.789', '14706789000'],
  ['interval', 1186, '-00:00:01', '-1000000'],
  ['interval', 1186, '1 year 2 mons 3 days 04:05:00', '37091100000000'],
  ['interval', 1186, '-3 days +00:00:01', '-259199000000'],
  ['numeric(5,2)', 1700, '123.45', '"MDk="', numericMod(5, 2)],
  ['numeric(3,2)', 1700, '1.10', '"bg=="', numericMod(3, 2)],
  ['numeric(5,2)', 1700, '-1.00', '"nA=="', numericMod(5, 2)],
  ['numeric(3,-3)', 1700, '5000', '"BQ=="', numericMod(3, -3)],
  ['numeric', 1700, '10.1100', '{"scale":2,"value":"A/M="}'],
  ['numeric', 1700, '100', '{"scale":0,"value":"ZA=="}'],
  ['numeric', 1700, '0', '{"scale":0,"value":"AA=="}'],
  ['money', 790, '$1,234.56', '"AeJA"'],
  ['money', 790, '-$0.01', '"/w=="'],
  ['bit(1)', 1560, '1', 'true', 1],
  ['bit(9)', 1560, '100000001', '"AQE="', 9],
  ['varbit', 1562, '0000000001', '"AQ=="'],
  ['point', 600, '(1,1.5)', '{"x":1,"y":1.5,"wkb":"AQEAAAAAAAAAAADwPwAAAAAAAPg/","srid":null}'],
  ['int4[]', 1007, [1, null, 3], '[1,null,3]'],
  ['timestamptz[]', 1185, ['2016-11-04 11:51:30+00'], '["2016-11-04T11:51:30Z"]'],
  ['numeric(3,2)[]', 1231, ['1.10'], '["bg=="]', numericMod(3, 2)],
  ['text[][]', 1009, [['a'], [null]], '[["a"],[null]]'],
  ['a type of an extension', 16_400, 'happy', '"happy"'],
  ['text, null', 25, null, 'null'],
  ['text that was not sent', 25, UNCHANGED, '"__debezium_unavailable_value"'],
  ['bytea that was not sent', 17, UNCHANGED, '"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="'],
  ['text[] that was not sent', 1009, UNCHANGED, '["__debezium_unavailable_value"]'],
])('%s: %s %s', (_, oid, value, expected, typeMod = -1) => {
  expect(json(oid, value, typeMod)).toBe(expected);
  if (!/\d{16}/.test(expected)) JSON.parse(expected);
});

test('a numeric that is no number is named by its column, and its value is not told', () => {
  for (const value of ['NaN', 'Infinity']) {
    expect(() => json(1700, value)).toThrow(
      expect.objectContaining({ code: 'CDC_DEBEZIUM_VALUE', retry: 'never', details: { column: 'c' } }),
    );
  }
});
