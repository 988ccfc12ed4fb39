import type { StandardIssue } from '@sluice/contracts';
import type { PlacedField } from './field.js';
import type { Given, Layer } from './layers.js';
import { hasPassword, isSecretName } from './secrets.js';

/** What became of a field. */
export interface Outcome {
  readonly value: unknown;
  readonly secret: boolean;
  readonly problems: readonly string[];
}

/** Has the schema check what was given; problems say what, where from, and what is accepted. */
export function checkField(field: PlacedField, given: Given, layers: readonly Layer[]): Outcome {
  const name = field.path.join('.');
  const secret = (field.secret ?? isSecretName(name)) || given.secret || hasPassword(given.value);
  const place = given.origin === undefined ? `; ${howToGive(field, layers)}` : `, from ${given.origin}`;
  const problem = (text: string) => {
    const expects = field.expects === undefined ? '' : ` (expected ${field.expects})`;
    return `${name}: ${text}${expects}${place}`;
  };
  const wrong = (problems: readonly string[]): Outcome => ({ value: undefined, secret, problems });
  if (given.problems.length > 0) return wrong(given.problems.map(problem));
  const validated = validate(field, given);
  if ('broken' in validated) return wrong([problem(validated.broken)]);
  if (validated.issues === undefined) return { value: validated.value, secret, problems: [] };
  if (given.origin === undefined)
    return wrong(validated.issues.map(({ message }) => problem(`is missing: ${message}`)));
  // A schema may quote what it was given.
  if (secret) return wrong([problem('is not accepted; as it is a secret, why is not shown')]);
  return wrong(validated.issues.map((issue) => problem(`${within(issue)}${issue.message}`)));
}

type Validated =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }
  | { readonly broken: string };

function validate({ schema }: PlacedField, { value, isText }: Given): Validated {
  const asIs = run(schema, value);
  if (!isText || !('issues' in asIs) || asIs.issues === undefined) return asIs;
  try {
    return run(schema, JSON.parse(value as string));
  } catch {
    // It is no JSON: what the schema says of the text stands.
    return asIs;
  }
}

function run(schema: PlacedField['schema'], value: unknown): Validated {
  let result: ReturnType<(typeof schema)['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(value);
  } catch {
    // Its text may quote the value.
    return { broken: 'its schema threw' };
  }
  if (!('then' in result)) return result;
  result.catch(() => 'nobody waits for it');
  return { broken: 'its schema threw, or answers with a promise; it has to answer at once' };
}

function within({ path }: StandardIssue): string {
  if (path === undefined || path.length === 0) return '';
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return `at ${names.join('.')}: `;
}

function howToGive({ variable, path }: PlacedField, layers: readonly Layer[]): string {
  const ways = variable === undefined ? [] : [`set environment variable ${variable}`];
  ways.push(...layers.map(({ origin }) => `give ${path.join('.')} in ${origin}`));
  return ways.join(', or ');
}
