import { setColumn } from '../pgoutput/interpreted-row-reader.js';
import type { WireRow } from '../pgoutput/row-reader.js';
import { valueReader } from '../values/by-type.js';
import type { Value, ValueReader } from '../values/value.js';
import { u8, type WireBuffer } from '../wire/bytes.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const NULL_MARK = 0x4e; // N, behind a backslash

/** Reads one row of COPY TO in text format (Postgres 18, COPY, "Text Format"). The bytes are spoilt: escapes are undone in place. */
export type CopyRowReader = (buffer: WireBuffer, start: number, end: number) => WireRow;

/** A reader for rows with these columns. */
export function copyRowReader(columns: readonly { readonly name: string; readonly typeOid: number }[]): CopyRowReader {
  const names = columns.map((column) => column.name);
  const readers = columns.map((column) => valueReader(column.typeOid));
  return (buffer, start, end) => {
    const row: WireRow = {};
    let at = start;
    for (let i = 0; i < readers.length; i++) {
      let escaped = false;
      let stop = at;
      for (; stop < end; stop++) {
        const byte = buffer[stop] as number;
        if (byte === TAB || byte === NEWLINE) break;
        if (byte === BACKSLASH) escaped = true;
      }
      setColumn(row, names[i] as string, readValue(buffer, at, stop, escaped, readers[i] as ValueReader));
      at = stop + 1;
    }
    return row;
  };
}

function readValue(buffer: WireBuffer, start: number, end: number, escaped: boolean, read: ValueReader): Value {
  if (!escaped) return read(buffer, start, end);
  if (end - start === 2 && buffer[start + 1] === NULL_MARK) return null;
  return read(buffer, start, undoEscapes(buffer, start, end));
}

/** Returns the new end. Octal and hexadecimal escapes are never sent. */
function undoEscapes(buffer: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    let byte = u8(buffer, at);
    if (byte === BACKSLASH) byte = ESCAPES[u8(buffer, ++at)] as number;
    buffer[to++] = byte;
  }
  return to;
}

/** What a letter behind a backslash stands for; most stand for themselves. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 })) {
  ESCAPES[letter.charCodeAt(0)] = byte;
}
