import { defineConfig } from 'vitest/config';

// The suffix of a test file says what it needs: nothing, a real Postgres, Redis, Docker daemon, browser.
const needs = (suffix: string) => [
  `packages/*/test/**/*.${suffix}.test.ts`,
  `examples/*/test/**/*.${suffix}.test.ts`,
  `docs/test/**/*.${suffix}.test.ts`,
  `bench/test/**/*.${suffix}.test.ts`,
];
const services = ['pg', 'redis', 'docker', 'browser'];
const postgres = {
  globalSetup: ['./packages/testkit/src/postgres/vitest-setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  resolve: { conditions: ['@sluice/source'] },
  ssr: { resolve: { conditions: ['@sluice/source'] } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
            'docs/test/**/*.test.ts',
            'bench/test/**/*.test.ts',
            'scripts/test/**/*.test.ts',
          ],
          exclude: services.flatMap(needs),
        },
      },
      { extends: true, test: { name: 'pg', include: needs('pg'), ...postgres } },
      {
        extends: true,
        test: {
          name: 'redis',
          include: needs('redis'),
          globalSetup: ['./packages/testkit/src/services/redis-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'docker', include: needs('docker'), testTimeout: 180_000, hookTimeout: 180_000 } },
      { extends: true, test: { name: 'browser', include: needs('browser'), ...postgres, testTimeout: 120_000 } },
    ],
  },
});
