import { endOfString, i32, u8, u16, u32, type WireBuffer } from '../wire/bytes.js';

/** A column as a Relation message describes it. */
export interface Column {
  readonly name: string;
  readonly typeOid: number;
  /** `atttypmod`; -1 for a type without one. */
  readonly typeMod: number;
  /** Part of the replica identity: sent with the old row of updates that change it, and of deletes. */
  readonly identity: boolean;
}

/** What a Relation message says of a table (Postgres 18, protocol-logicalrep-message-formats). */
export interface RelationMessage {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `d` primary key, `n` nothing, `f` the full row, `i` an index. */
  readonly replicaIdentity: string;
  readonly columns: readonly Column[];
}

/** Reads a Relation message; `at` is just behind its tag. */
export function readRelation(buffer: WireBuffer, at: number): RelationMessage {
  const oid = u32(buffer, at);
  const schemaEnd = endOfString(buffer, at + 4);
  const schema = buffer.utf8Slice(at + 4, schemaEnd) || 'pg_catalog';
  const nameEnd = endOfString(buffer, schemaEnd + 1);
  const name = buffer.utf8Slice(schemaEnd + 1, nameEnd);
  const replicaIdentity = String.fromCharCode(u8(buffer, nameEnd + 1));
  const columns: Column[] = [];
  let next = nameEnd + 4;
  for (let left = u16(buffer, nameEnd + 2); left > 0; left--) {
    const end = endOfString(buffer, next + 1);
    columns.push({
      identity: (u8(buffer, next) & 1) === 1,
      name: buffer.utf8Slice(next + 1, end),
      typeOid: u32(buffer, end + 1),
      typeMod: i32(buffer, end + 5),
    });
    next = end + 9;
  }
  return { oid, schema, name, replicaIdentity, columns };
}
