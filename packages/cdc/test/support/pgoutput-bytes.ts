import type { WireBuffer } from '../../src/wire/bytes.js';

/** Writes pgoutput messages as a server does, for tests of the decoder. */

export type Cell = string | null | 'unchanged-toast';

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
export const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
export const int64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const zeroEnded = (text: string) => Buffer.concat([Buffer.from(text), Buffer.of(0)]);
const join = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

export interface RelationSpec {
  readonly oid: number;
  readonly schema?: string;
  readonly name: string;
  readonly identity?: 'd' | 'n' | 'f' | 'i';
  /** Name, type, whether it is part of the identity. */
  readonly columns: readonly (readonly [string, number, boolean?])[];
}

export function relation(spec: RelationSpec): Buffer {
  const columns = spec.columns.map(([name, oid, identity]) =>
    join(Buffer.of(identity ? 1 : 0), zeroEnded(name), int32(oid), int32(-1)),
  );
  return join(
    'R',
    int32(spec.oid),
    zeroEnded(spec.schema ?? 'public'),
    zeroEnded(spec.name),
    spec.identity ?? 'd',
    int16(columns.length),
    ...columns,
  );
}

export const begin = (commitLsn: number, micros = 0) => join('B', int64(commitLsn), int64(micros), int32(7));
export const commit = (commitLsn: number, end: number) =>
  join('C', Buffer.of(0), int64(commitLsn), int64(end), int64(0));

function tuple(kind: string, cells: readonly Cell[]): Buffer {
  return join(
    kind,
    int16(cells.length),
    ...cells.map((cell) => {
      if (cell === null) return Buffer.from('n');
      if (cell === 'unchanged-toast') return Buffer.from('u');
      const text = Buffer.from(cell);
      return join('t', int32(text.length), text);
    }),
  );
}

export const insert = (oid: number, cells: readonly Cell[]) => join('I', int32(oid), tuple('N', cells));
export const update = (oid: number, cells: readonly Cell[], old?: readonly ['K' | 'O', readonly Cell[]]) =>
  join('U', int32(oid), ...(old ? [tuple(old[0], old[1])] : []), tuple('N', cells));
export const remove = (oid: number, kind: 'K' | 'O', cells: readonly Cell[]) =>
  join('D', int32(oid), tuple(kind, cells));
export const truncate = (oids: readonly number[], flags = 0) =>
  join('T', int32(oids.length), Buffer.of(flags), ...oids.map(int32));
export const message = (lsn: number, prefix: string, content: string, transactional = true) =>
  join('M', Buffer.of(transactional ? 1 : 0), int64(lsn), zeroEnded(prefix), int32(content.length), content);

/** As the decoder wants its bytes. */
export const wire = (bytes: Buffer) => bytes as WireBuffer;
