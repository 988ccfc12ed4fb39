import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { JsonText } from '../../src/index.js';
import { changesOf, Driver } from '../support/drive.js';

const db = useDatabase();

const bytes = (...values: number[]) => Uint8Array.of(...values);

/** Type, a value in SQL, and what it is read as. */
const VALUES: readonly (readonly [type: string, sql: string, value: unknown])[] = [
  ['bool', 'true', true],
  ['bool', 'false', false],
  ['int2', '-32768', -32768],
  ['int4', '2147483647', 2147483647],
  ['int8', '-9223372036854775808', -9223372036854775808n],
  ['int8', '9223372036854775807', 9223372036854775807n],
  ['int8', '0', 0n],
  ['oid', '4294967295', 4294967295],
  ['float4', '1.1', 1.1],
  ['float8', '5e-324', 5e-324],
  ['float8', '-1.7976931348623157e308', -1.7976931348623157e308],
  ['float8', `'NaN'`, Number.NaN],
  ['float8', `'-Infinity'`, Number.NEGATIVE_INFINITY],
  ['numeric', '12345678901234567890.123456789000', '12345678901234567890.123456789000'],
  ['numeric', `'NaN'`, 'NaN'],
  ['numeric(1000,500)', '1e-500', `0.${'0'.repeat(499)}1`],
  ['text', `''`, ''],
  ['text', `E'\\uFEFFbom \\t tab \\\\ back\\nline \\b\\f\\r\\v "q"'`, '\uFEFFbom \t tab \\ back\nline \b\f\r\v "q"'],
  ['text', `'\\N'`, '\\N'],
  ['text', `'Grüße 👋 日本'`, 'Grüße 👋 日本'],
  ['bpchar(4)', `'ab'`, 'ab  '],
  ['"char"', `'x'`, 'x'],
  ['timestamp', `'2024-02-29 23:59:59.999999'`, '2024-02-29 23:59:59.999999'],
  ['timestamp', `'infinity'`, 'infinity'],
  ['timestamptz', `'2024-02-29 23:59:59.000001+02'`, '2024-02-29 21:59:59.000001+00'],
  ['timestamptz', `'-infinity'`, '-infinity'],
  ['timestamptz', `'0044-03-15 12:00:00+00 BC'`, '0044-03-15 12:00:00+00 BC'],
  ['date', `'4713-01-01 BC'`, '4713-01-01 BC'],
  ['date', `'5874897-12-31'`, '5874897-12-31'],
  ['time', `'24:00:00'`, '24:00:00'],
  ['timetz', `'04:05:06.789-08'`, '04:05:06.789-08'],
  ['interval', `'1 year 2 mons -3 days 04:05:06.000007'`, '1 year 2 mons -3 days +04:05:06.000007'],
  ['uuid', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['bytea', `'\\x00ff10Ab'`, bytes(0, 255, 16, 171)],
  ['bytea', `''`, bytes()],
  ['json', `'{"a" :1, "n": 12345678901234567890}'`, new JsonText('{"a" :1, "n": 12345678901234567890}')],
  ['jsonb', `'{"b":[1,null]}'`, new JsonText('{"b": [1, null]}')],
  ['inet', `'192.168.0.1/24'`, '192.168.0.1/24'],
  ['point', `'(1,2)'`, '(1,2)'],
  ['int4range', `'[1,5)'`, '[1,5)'],
  ['bit(3)', `B'101'`, '101'],
  ['mood', `'happy'`, 'happy'],
  ['pair', `ROW(1,'a "b"')`, '(1,"a ""b""")'],
  ['positive', '5', '5'],
  ['int4[]', `'{1,NULL,-3}'`, [1, null, -3]],
  ['int4[]', `'{}'`, []],
  ['int4[]', `'[0:1]={1,2}'`, '[0:1]={1,2}'],
  [
    'int8[]',
    `'{{1,2},{3,NULL}}'`,
    [
      [1n, 2n],
      [3n, null],
    ],
  ],
  ['text[]', `ARRAY['a,b','"q"','\\','NULL',NULL,'','{}','ü']`, ['a,b', '"q"', '\\', 'NULL', null, '', '{}', 'ü']],
  ['bool[]', `'{t,f}'`, [true, false]],
  ['bytea[]', `ARRAY['\\x01'::bytea]`, [bytes(1)]],
  ['timestamptz[]', `ARRAY['2024-01-01 00:00:00+00'::timestamptz]`, ['2024-01-01 00:00:00+00']],
  ['jsonb[]', `ARRAY['{"a":"x,y"}'::jsonb]`, [new JsonText('{"a": "x,y"}')]],
  ['numeric[]', `'{1.50,NaN}'`, ['1.50', 'NaN']],
];

test('every value is the same from the snapshot and from the stream, and nothing is lost', async () => {
  await db.query(`CREATE TYPE mood AS ENUM ('happy'); CREATE TYPE pair AS (a int, b text)`);
  await db.query('CREATE DOMAIN positive AS int CHECK (VALUE > 0)');
  const columns = VALUES.map(([type], i) => `c${i} ${type}`).join(', ');
  const values = VALUES.map(([type, sql]) => `(${sql})::${type}`).join(', ');
  await db.query(`CREATE TABLE everything (id int PRIMARY KEY, ${columns})`);
  await db.query(`INSERT INTO everything VALUES (1, ${values})`);

  const slot = `${db.name}_values`;
  await using driver = await Driver.open(changesOf(db.url, slot, { tables: ['public.everything'] }));
  const [read] = await driver.snapshot();
  const streaming = driver.events(2);
  await db.query(`INSERT INTO everything VALUES (2, ${values})`);
  await db.query('INSERT INTO everything VALUES (3)');
  const [inserted, empty] = await streaming;

  const expected = Object.fromEntries(VALUES.map(([, , value], i) => [`c${i}`, value]));
  expect(read?.data?.after).toEqual({ id: 1, ...expected });
  expect(inserted?.data?.after).toEqual({ id: 2, ...expected });
  expect(Object.values(empty?.data?.after ?? {}).slice(1)).toEqual(VALUES.map(() => null));
});

test('json is parsed when it is read, and goes back to Postgres as it came', async () => {
  const text = '{"a": 12345678901234567890}';
  const value = new JsonText(text);
  expect(JSON.stringify({ value })).toBe('{"value":{"a":12345678901234567000}}');
  const rows = await db.query<{ back: string }>('SELECT $1::json::text AS back', [value]);
  expect(rows[0]?.back).toBe(text);
});
