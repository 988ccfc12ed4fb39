import type { ZodError, ZodType, z } from 'zod';

/** One thing that is wrong with a request, in the shape that clients know. */
export interface InputProblem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

/** A request that cannot be understood: answered 422 with `{"detail": [...]}`. */
export class InvalidInput extends Error {
  readonly statusCode = 422;
  readonly detail: readonly InputProblem[];

  constructor(detail: readonly InputProblem[]) {
    super('invalid input');
    this.detail = detail;
  }
}

/** Where in a request something is. */
export type RequestPart = 'body' | 'query' | 'path' | 'header';

/** Parses one part of a request; throws {@link InvalidInput} with every problem that it has. */
export function parsePart<S extends ZodType>(schema: S, part: RequestPart, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInput(problemsOf(result.error, part, input));
}

/** What is wrong with a part of a request, in the shape that clients know. */
export function problemsOf(error: ZodError, part: RequestPart, input: unknown): InputProblem[] {
  return error.issues.map((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    const found = path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], input);
    return { type: typeOf(issue, found), loc: [part, ...path], msg: issue.message, input: excerpt(found) };
  });
}

/** The names that validation errors have in the APIs that clients were written against. */
function typeOf(issue: ZodError['issues'][number], found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return found === undefined ? 'missing' : `${issue.expected}_type`;
    case 'too_small':
      return issue.origin === 'string' ? 'string_too_short' : 'greater_than_equal';
    case 'too_big':
      return issue.origin === 'string' ? 'string_too_long' : 'less_than_equal';
    case 'invalid_value':
      return 'enum';
    case 'invalid_format':
      return issue.format === 'regex' ? 'string_pattern_mismatch' : `${issue.format}_parsing`;
    default:
      return 'value_error';
  }
}

/** A whole document is not sent back to say that it is too long, nor what is nested deeper than JSON can be written. */
function excerpt(input: unknown, depth = 0): unknown {
  if (input === undefined) return null;
  if (typeof input === 'string') return input.length > 200 ? `${input.slice(0, 200)}…` : input;
  if (typeof input !== 'object' || input === null) return input;
  if (depth === MOST_LEVELS) return '…';
  if (Array.isArray(input)) return input.slice(0, MOST_ENTRIES).map((item) => excerpt(item, depth + 1));
  const entries = Object.entries(input).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([name, value]) => [excerpt(name), excerpt(value, depth + 1)]));
}

const MOST_LEVELS = 3;
const MOST_ENTRIES = 20;
