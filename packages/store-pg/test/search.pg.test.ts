import { conformance, searchIndexConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { describe, test } from 'vitest';
import { postgresSearch } from '../src/index.js';

conformance(
  searchIndexConformance({
    name: 'Postgres',
    features: { fuzzy: true, highlights: true, facets: true, suggest: true },
    async create(fields) {
      const database = await testDatabase({ name: 'search' });
      return {
        index: () => postgresSearch({ connection: database.url, schema: `it's "quoted`, index: 'documents', fields }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);
