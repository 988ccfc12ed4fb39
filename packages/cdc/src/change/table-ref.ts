/** A table with the type of its rows: makes changes a union that `change.table` tells apart. */
export interface TableRef<Row = Record<string, unknown>, Name extends string = string> {
  /** `schema.name`, as the `table` of its changes. */
  readonly name: Name;
  /** Never there: carries the type. */
  readonly row?: Row;
}

/**
 * Names a table and the type of its rows, in two calls because TypeScript infers the name only if the row is given apart:
 *
 * ```ts
 * const documents = table<{ id: bigint; title: string }>()('public.documents');
 * ```
 *
 * The name is `schema.name` as the catalogue spells it, without quotes; what follows the first dot is the table's name.
 */
export function table<Row = Record<string, unknown>>(): <const Name extends `${string}.${string}`>(
  name: Name,
) => TableRef<Row, Name> {
  return (name) => ({ name });
}

/** A name in its two parts. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Splits `schema.name` at the first dot; `undefined` if there is none. */
export function splitTableName(text: string): TableName | undefined {
  const dot = text.indexOf('.');
  return dot > 0 && dot < text.length - 1 ? { schema: text.slice(0, dot), name: text.slice(dot + 1) } : undefined;
}
