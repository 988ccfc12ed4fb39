import { readFileSync } from 'node:fs';
import { expand } from './expand.js';
import { type Fields, isGroup, type PlacedField } from './field.js';
import { isSecretName } from './secrets.js';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A place that values come from, and its name for errors. */
export interface Layer {
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a field was given. */
export interface Given {
  readonly value: unknown;
  /** Undefined when nobody gave it. */
  readonly origin: string | undefined;
  /** Whether it is the text of an environment variable. */
  readonly isText: boolean;
  /** Whether a variable that looks secret is in it. */
  readonly secret: boolean;
  readonly problems: readonly string[];
}

/** The content of a JSON file, or what is wrong with it. `$schema` is for editors and left out. */
export function fileLayer(path: string, optional: boolean): Layer | { readonly problem: string } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (optional && code === 'ENOENT') return { origin: path, values: {} };
    return { problem: `${path}: can't be read (${code})` };
  }
  try {
    const { $schema: _, ...values } = JSON.parse(text) as Record<string, unknown>;
    return { origin: path, values };
  } catch (error) {
    // The parser's text quotes the file, which may hold secrets.
    const [where = ''] = /(line \d+ column \d+|position \d+)/.exec((error as Error).message) ?? [];
    return { problem: `${path}: is no JSON${where && ` (${where})`}` };
  }
}

/** What is given for a field: by the environment, else by the layers, the first one that has it, else by its default. */
export function givenFor(field: PlacedField, layers: readonly Layer[], env: Variables): Given {
  const plain = { isText: false, secret: false, problems: [] };
  const { variable } = field;
  if (variable !== undefined && env[variable]) {
    return { ...plain, value: env[variable], origin: `environment variable ${variable}`, isText: true };
  }
  for (const { origin, values } of layers) {
    const value = at(values, field.path);
    if (value !== undefined) return expanded(value, origin, env);
  }
  if (field.default !== undefined) return expanded(field.default, 'the default', env);
  return { ...plain, value: undefined, origin: undefined };
}

/** What a layer has that no field is for. */
export function unknownKeys({ origin, values }: Layer, fields: Fields, above: readonly string[] = []): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = [...above, name].join('.');
    if (!Object.hasOwn(fields, name)) {
      return [`${path}: there is no such option, in ${origin}; there are ${Object.keys(fields).join(', ')}`];
    }
    const one = fields[name];
    if (!isGroup(one) || value === undefined) return [];
    if (!isRecord(value)) return [`${path}: expected an object, in ${origin}`];
    return unknownKeys({ origin, values: value }, one, [...above, name]);
  });
}

function expanded(value: unknown, origin: string, env: Variables): Given {
  const problems: string[] = [];
  const used: string[] = [];
  const fill = (one: unknown): unknown => {
    if (typeof one === 'string') {
      const filled = expand(one, env);
      problems.push(...filled.problems);
      used.push(...filled.used);
      return filled.text;
    }
    if (Array.isArray(one)) return one.map(fill);
    return isRecord(one) ? Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, fill(inner)])) : one;
  };
  return { value: fill(value), origin, isText: false, secret: used.some(isSecretName), problems };
}

function at(values: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = values;
  for (const name of path) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Whether it is an object as JSON has them, and no Date, URL, Map or class of one's own. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
