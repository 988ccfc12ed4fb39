import { ComponentError } from '@sluice/contracts';
import type { WireBuffer } from '../wire/bytes.js';
import { compileRowReader } from './compiled-row-reader.js';
import { interpretRowReader } from './interpreted-row-reader.js';
import type { Column } from './relation.js';

/** A row as the wire had it: a value for each column, in the order of the table. */
export type WireRow = Record<string, unknown>;

/** Where a reader left off. One object for all of them, so that reading a row allocates nothing but the row. */
export interface ReadEnd {
  at: number;
}

/**
 * Reads the TupleData that starts at `at`. A column that was not sent becomes `full`'s value when there is a full old row,
 * else {@link UNCHANGED}. The end of the tuple is left in {@link ReadEnd}.
 */
export type RowReader = (buffer: WireBuffer, at: number, full: WireRow | null) => WireRow;

/** Wider tables would make functions that the engine refuses to optimise. */
const WIDEST_COMPILED = 250;

/**
 * A reader for one shape of a table, compiled where code generation is allowed and interpreted where it is not
 * (a strict content security policy, `--disallow-code-generation-from-strings`). Both give the same rows.
 *
 * `wanted` leaves columns out: those of an old row that holds nothing but its identity.
 */
export function rowReader(columns: readonly Column[], wanted: readonly boolean[], end: ReadEnd): RowReader {
  if (columns.length > WIDEST_COMPILED) return interpretRowReader(columns, wanted, end);
  try {
    return compileRowReader(columns, wanted, end);
  } catch (error) {
    if (error instanceof EvalError) return interpretRowReader(columns, wanted, end);
    throw error;
  }
}

/** For a kind of value that was not asked for (binary), or a tuple that does not fit its relation. */
export function malformedTuple(kind: number): never {
  throw new ComponentError('CDC_PROTOCOL', 'a tuple does not fit its relation', { details: { kind } });
}
