import { HttpProblem, invalidInput, problem } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import type { DocumentSearch } from './document-search.js';
import {
  AGGREGATED,
  aggregationAnswer,
  aggregationPath,
  aggregationQuery,
  searchAnswer,
  searchQuery,
  suggestAnswer,
  suggestQuery,
} from './schemas.js';

/** `/search`, `/suggest` and `/aggregations/{field}`. */
export function searchRoutes(app: HttpApp, search: DocumentSearch): void {
  const tags = ['search'];
  const failures = { 422: invalidInput, 503: problem };

  app.get(
    '/search',
    { schema: { tags, querystring: searchQuery, response: { 200: searchAnswer, ...failures } } },
    async ({ query }) => {
      const began = performance.now();
      const found = await search.find(query);
      const { from, size } = query;
      return { ...found, took_ms: Math.round(performance.now() - began), from, size };
    },
  );

  app.get(
    '/suggest',
    { schema: { tags, querystring: suggestQuery, response: { 200: suggestAnswer, ...failures } } },
    async ({ query: { q, size } }) => ({ suggestions: [...(await search.suggest(q, size))] }),
  );

  app.get(
    '/aggregations/:field',
    {
      schema: {
        ...{ tags, params: aggregationPath, querystring: aggregationQuery },
        response: { 200: aggregationAnswer, 400: problem, ...failures },
      },
    },
    async ({ params: { field }, query: { q } }) => {
      if (!AGGREGATED.some((name) => name === field)) {
        throw new HttpProblem(400, `Field should be one of ${AGGREGATED.join(', ')}`);
      }
      return { field, values: [...(await search.count(field, q))] };
    },
  );
}
