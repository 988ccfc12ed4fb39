import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { checkField, type Outcome } from './check-field.js';
import { type ConfigOf, type Fields, isGroup, type PlacedField, placedFields } from './field.js';
import { fileLayer, givenFor, type Layer, unknownKeys, type Variables } from './layers.js';
import { hidingSecrets } from './secrets.js';

/** Where a configuration comes from, and what is in it. */
export interface ConfigOptions<F extends Fields> {
  readonly fields: F;
  /**
   * Begins the names of the environment variables: `SHOP_` makes `SHOP_DATABASE_URL` of `database.url`. A variable with this
   * prefix that no field is for is refused. Default: none.
   */
  readonly prefix?: string;
  /** A JSON file that must be there, unless `optional`. */
  readonly file?: string | { readonly path: string; readonly optional?: boolean };
  /** Values from code; they come before those of the file. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Default: `process.env`. */
  readonly env?: Variables;
}

/**
 * A configuration, checked once: of each field the value from the environment, else from `values`, else from `file`, else its
 * default, as its schema makes it.
 *
 * - In texts, those of the environment excepted, `${NAME}` and `${NAME:-default}` are filled in; `$$` is a dollar.
 * - The text of a variable goes to the schema as it is, and, where that refuses it, as the JSON that it may be: `3000`, `true`.
 *   An empty variable counts as not set.
 * - Secrets are shown neither in errors nor by `console.log` and `JSON.stringify`.
 *
 * @throws ComponentError `CONFIG_INVALID` with everything that is wrong, by option, with where it comes from and what is
 *   accepted; `OPTIONS_INVALID` when the fields contradict each other.
 */
export function defineConfig<const F extends Fields>(options: ConfigOptions<F>): ConfigOf<F> {
  refuseUnknownOptions('defineConfig', options, ['fields', 'prefix', 'file', 'values', 'env']);
  const { fields, prefix = '', file, values, env = process.env } = options;
  const placed = placedFields(fields, prefix);
  refuseSharedVariables(placed);
  const problems: string[] = [];
  const layers: Layer[] = values === undefined ? [] : [{ origin: 'the given values', values }];
  if (file !== undefined) {
    const { path, optional = false } = typeof file === 'string' ? { path: file } : file;
    const layer = fileLayer(path, optional);
    if ('problem' in layer) problems.push(layer.problem);
    else layers.push(layer);
  }
  problems.push(...layers.flatMap((layer) => unknownKeys(layer, fields)), ...unknownVariables(placed, prefix, env));
  const outcomes = new Map(
    placed.map((one) => [one.path.join('.'), checkField(one, givenFor(one, layers, env), layers)]),
  );
  for (const outcome of outcomes.values()) problems.push(...outcome.problems);
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    throw new ComponentError('CONFIG_INVALID', [count, ...problems].join('\n  '), { details: { problems } });
  }
  return assemble(fields, outcomes) as ConfigOf<F>;
}

function refuseSharedVariables(placed: readonly PlacedField[]): void {
  const seen = new Map<string, string>();
  for (const { variable, path } of placed) {
    if (variable === undefined) continue;
    const other = seen.get(variable);
    if (other !== undefined) {
      throw new ComponentError(
        'OPTIONS_INVALID',
        `fields: ${other} and ${path.join('.')} are both read from ${variable}`,
      );
    }
    seen.set(variable, path.join('.'));
  }
}

function unknownVariables(placed: readonly PlacedField[], prefix: string, env: Variables): string[] {
  if (prefix === '') return [];
  const known = placed.flatMap(({ variable }) => (variable === undefined ? [] : [variable]));
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .map((name) => `environment variable ${name}: there is no such option; there are ${known.join(', ')}`);
}

function assemble(fields: Fields, outcomes: ReadonlyMap<string, Outcome>, above: readonly string[] = []): object {
  const secret = new Set<string>();
  const entries = Object.entries(fields).map(([name, one]) => {
    const path = [...above, name];
    if (isGroup(one)) return [name, assemble(one, outcomes, path)];
    const outcome = outcomes.get(path.join('.'));
    if (outcome?.secret) secret.add(name);
    return [name, outcome?.value];
  });
  return hidingSecrets(Object.fromEntries(entries) as object, secret);
}
