import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import type { ZodType } from 'zod';
import { InvalidInput, problemsOf, type RequestPart } from './invalid-input.js';

/** Validates each part of a request by its zod schema; what is wrong becomes an {@link InvalidInput}. */
export const compileValidator: FastifySchemaCompiler<ZodType> = ({ schema, httpPart = 'body' }) => {
  const part = PARTS[httpPart] ?? 'body';
  return (input) => {
    const result = schema.safeParse(input);
    return result.success ? { value: result.data } : { error: new InvalidInput(problemsOf(result.error, part, input)) };
  };
};

const PARTS: Readonly<Record<string, RequestPart>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** The compiler has checked the answer's type against the schema: it is not checked once more for each answer. */
export const serializeJson: FastifySerializerCompiler<unknown> = () => (data) => JSON.stringify(data);
