import { UNCHANGED } from '@sluice/contracts';
import { valueReader } from '../values/by-type.js';
import { i32 } from '../wire/bytes.js';
import type { Column } from './relation.js';
import { malformedTuple, type ReadEnd, type RowReader } from './row-reader.js';

/**
 * A reader made of straight code for one table: a value reader for each column, then one object literal, so that all rows
 * of a table share one hidden class.
 *
 * The only thing of the table that reaches the code is column names, as JSON strings and as computed properties (so that
 * a column called `__proto__` is a column).
 *
 * @throws EvalError where code generation is disallowed.
 */
export function compileRowReader(columns: readonly Column[], wanted: readonly boolean[], end: ReadEnd): RowReader {
  const body = columns.map((column, i) => readColumn(i, literal(column.name), wanted[i] === true)).join('\n');
  const kept = columns.flatMap((column, i) => (wanted[i] ? [`${propertyName(column.name)}: v${i}`] : []));
  const readers = columns.map((_, i) => `r${i} = readers[${i}]`);
  const source = `'use strict';
const ${['unused = 0', ...readers].join(', ')};
return function readRow(buffer, p, full) {
  if (((buffer[p] << 8) | buffer[p + 1]) !== ${columns.length}) malformed(-1);
  p += 2;
  let n = 0;
${body}
  end.at = p;
  return { ${kept.join(', ')} };
};`;
  const make = new Function('readers', 'i32', 'UNCHANGED', 'malformed', 'end', source);
  return make(
    columns.map((column) => valueReader(column.typeOid)),
    i32,
    UNCHANGED,
    malformedTuple,
    end,
  ) as RowReader;
}

function readColumn(i: number, name: string, wanted: boolean): string {
  const text = wanted ? `v${i} = r${i}(buffer, p + 5, p + 5 + n);` : '';
  const unchanged = wanted ? `v${i} = full === null ? UNCHANGED : full[${name}];` : '';
  return `  let v${i} = null;
  switch (buffer[p]) {
    case 116: n = i32(buffer, p + 1); ${text} p += 5 + n; break;
    case 110: p += 1; break;
    case 117: ${unchanged} p += 1; break;
    default: malformed(buffer[p]);
  }`;
}

/** JSON is not quite JavaScript: two line separators are escaped. */
function literal(name: string): string {
  return JSON.stringify(name)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}

function propertyName(name: string): string {
  return name === '__proto__' ? `[${literal(name)}]` : literal(name);
}
