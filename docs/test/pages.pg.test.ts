import { testDatabase } from '@sluice/testkit/postgres';
import { afterEach, expect, test, vi } from 'vitest';
import { blocks } from './pages.js';
import { runBlock } from './run-block.js';

afterEach(() => vi.unstubAllEnvs());

for (const block of blocks().filter(({ how }) => how === 'pg')) {
  test(`${block.page}:${block.line}`, async () => {
    await using database = await testDatabase({ name: 'page' });
    vi.stubEnv('DATABASE_URL', database.url);
    await runBlock(block);
    expect(await database.query('SELECT FROM pg_replication_slots WHERE database = current_database()')).toEqual([]);
  });
}
