/**
 * The place of an event in the history of its row, made by the origin and carried through every transport.
 *
 * - `epoch` names the history itself (for Postgres: system identifier and timeline). Two versions can be compared only
 *   when their epochs are equal; a new epoch stops an idempotent sink until a rebuild or an explicit `adopt`.
 * - `value` grows with every change of one row and never repeats within an epoch. It is not dense, and it may exceed 64 bits
 *   (for Postgres: commit position × 2³² + index within the transaction).
 */
export interface Version {
  readonly epoch: string;
  readonly value: bigint;
}
