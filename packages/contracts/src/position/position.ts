/**
 * Where a lane stands: `resume`, a place that the source can start from (a commit boundary, an offset), and `within`, how
 * many events after that place are done.
 *
 * Only `resume` is ever confirmed to the source. After a restart the source starts from `resume` and leaves out the first
 * `within` events, so that a half-applied transaction is neither lost nor applied twice.
 *
 * `resume` is ordered: of two positions of one lane the later one has the greater string (compared by code unit). Sources
 * therefore write numbers with a fixed width, see {@link paddedPosition}.
 */
export interface Position {
  readonly resume: string;
  readonly within: number;
}

/** Negative when `a` lies before `b`, positive when after it, 0 when they are the same place. */
export function comparePositions(a: Position, b: Position): number {
  if (a.resume === b.resume) return a.within - b.within;
  return a.resume < b.resume ? -1 : 1;
}

/** A number as a `resume` text: 16 hexadecimal digits, so that texts order as the numbers do. Range: 0 to 2⁶⁴ − 1. */
export function paddedPosition(value: bigint | number): string {
  return value.toString(16).toUpperCase().padStart(16, '0');
}
