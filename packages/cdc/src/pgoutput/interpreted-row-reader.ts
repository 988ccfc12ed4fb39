import { UNCHANGED } from '@sluice/contracts';
import { valueReader } from '../values/by-type.js';
import { i32, u8, u16 } from '../wire/bytes.js';
import { NULL_VALUE, TEXT_VALUE, UNCHANGED_VALUE } from '../wire/message-codes.js';
import type { Column } from './relation.js';
import { malformedTuple, type ReadEnd, type RowReader, type WireRow } from './row-reader.js';

/** The same as the compiled reader, by a loop: slower, and without code generation. */
export function interpretRowReader(columns: readonly Column[], wanted: readonly boolean[], end: ReadEnd): RowReader {
  const names = columns.map((column) => column.name);
  const readers = columns.map((column) => valueReader(column.typeOid));
  return (buffer, start, full) => {
    if (u16(buffer, start) !== columns.length) malformedTuple(-1);
    const row: WireRow = {};
    let at = start + 2;
    for (let i = 0; i < columns.length; i++) {
      const kind = u8(buffer, at);
      const name = names[i] as string;
      let value: unknown = null;
      if (kind === TEXT_VALUE) {
        const length = i32(buffer, at + 1);
        if (wanted[i]) value = readers[i]?.(buffer, at + 5, at + 5 + length);
        at += 5 + length;
      } else {
        if (kind === UNCHANGED_VALUE) value = full === null ? UNCHANGED : full[name];
        else if (kind !== NULL_VALUE) malformedTuple(kind);
        at += 1;
      }
      if (wanted[i]) setColumn(row, name, value);
    }
    end.at = at;
    return row;
  };
}

/** Assigns a column, also one called `__proto__`. */
export function setColumn(row: WireRow, name: string, value: unknown): void {
  if (name !== '__proto__') row[name] = value;
  else Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
}
