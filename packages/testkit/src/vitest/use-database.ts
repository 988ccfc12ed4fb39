import { basename } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type TestDatabase, testDatabase } from '../postgres/test-database.js';

/**
 * A database for the tests of this file or `describe`, made before them and dropped after them. Read its members within
 * tests and hooks only.
 */
export function useDatabase(): TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await testDatabase({ name: basename(expect.getState().testPath ?? 'test').replace(/\..*$/, '') });
  });
  afterAll(() => database?.drop());
  return new Proxy({} as TestDatabase, {
    get(_, member) {
      if (database === undefined) throw new Error('useDatabase: read the database within a test or a hook');
      return Reflect.get(database, member);
    },
  });
}
