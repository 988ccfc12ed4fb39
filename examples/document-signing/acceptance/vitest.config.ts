import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@sluice/source'] },
  ssr: { resolve: { conditions: ['@sluice/source'] } },
  test: { include: ['acceptance/remote.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
