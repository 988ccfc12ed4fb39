/**
 * The value of a column that an UPDATE left alone and that Postgres therefore did not send (an unchanged TOAST value, under
 * any replica identity but FULL). It is neither null nor undefined, so it can never be mistaken for data: a sink leaves the
 * column as it is. Shared through `Symbol.for`, so that two copies of this package agree.
 */
export const UNCHANGED: unique symbol = Symbol.for('sluice.unchanged') as never;

/** The type of {@link UNCHANGED}. */
export type Unchanged = typeof UNCHANGED;
