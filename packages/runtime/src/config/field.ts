import type { StandardSchemaV1 } from '@sluice/contracts';

/** A Standard Schema of any library: zod, valibot, arktype. */
export type ConfigSchema = StandardSchemaV1<never, unknown> | StandardSchemaV1;

/** What a field may be told besides its schema. */
export interface FieldOptions {
  /** The environment variable it is read from; `false` for none. Default: the prefix and its path, as in `SHOP_DATABASE_URL`. */
  readonly env?: string | false;
  /** What it is when nobody gives it, before the schema sees it. */
  readonly default?: unknown;
  /**
   * Whether it is never shown. Default: when its name has `password`, `passphrase`, `pwd`, `secret`, `token`, `key` or
   * `credential` in it, or the word `pass`. A URL or connection string with a password in it is never shown in any case.
   */
  readonly secret?: boolean;
  /** What is accepted, for errors: completes "expected …". */
  readonly expects?: string;
}

const FIELD: unique symbol = Symbol.for('sluice.config.field');

/** A field with more to say than its schema; made by {@link field}. */
export interface Field<S extends ConfigSchema = ConfigSchema> extends FieldOptions {
  readonly schema: S;
  readonly [FIELD]: true;
}

/** A field of a configuration that has more to say than its schema. */
export function field<S extends ConfigSchema>(schema: S, options: FieldOptions = {}): Field<S> {
  return { ...options, schema, [FIELD]: true };
}

/** Fields by name: a schema, a {@link field}, or a group of fields. */
export interface Fields {
  readonly [name: string]: ConfigSchema | Field | Fields;
}

/** What a configuration of these fields is. */
export type ConfigOf<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends { readonly [FIELD]: true; readonly schema: infer S }
    ? OutputOf<S>
    : F[Name] extends ConfigSchema
      ? OutputOf<F[Name]>
      : F[Name] extends Fields
        ? ConfigOf<F[Name]>
        : never;
};

type OutputOf<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer Output }
    ? Output
    : never
  : never;

/** One field in its place. */
export interface PlacedField extends FieldOptions {
  readonly path: readonly string[];
  readonly schema: ConfigSchema;
  /** The environment variable it is read from; undefined for none. */
  readonly variable: string | undefined;
}

/** Every field, flat, in the order in which they are declared. */
export function placedFields(fields: Fields, prefix: string, above: readonly string[] = []): PlacedField[] {
  return Object.entries(fields).flatMap(([name, one]) => {
    const path = [...above, name];
    const variable = prefix + path.map(screaming).join('_');
    if (isSchema(one)) return [{ path, schema: one, variable }];
    if (!isField(one)) return placedFields(one, prefix, path);
    return [{ ...one, path, variable: one.env === false ? undefined : (one.env ?? variable) }];
  });
}

/** Whether a group is meant, and no field. */
export function isGroup(one: Fields[string] | undefined): one is Fields {
  return one !== undefined && !isSchema(one) && !isField(one);
}

function isSchema(one: Fields[string]): one is ConfigSchema {
  return '~standard' in one;
}

function isField(one: Fields[string]): one is Field {
  return FIELD in one;
}

/** `maxBatchBytes` as `MAX_BATCH_BYTES`. */
function screaming(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}
