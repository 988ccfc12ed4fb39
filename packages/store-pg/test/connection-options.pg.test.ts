import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresCheckpoints } from '../src/index.js';

const database = useDatabase();

test('a password that is given by itself, among the options of pg, lets us in', async () => {
  const { hostname: host, port, username: user, password, pathname } = new URL(database.url);
  const given = { host, port: Number(port), user, database: pathname.slice(1) };
  for (const secret of [decodeURIComponent(password), async () => decodeURIComponent(password)]) {
    await using checkpoints = postgresCheckpoints({ connection: { ...given, password: secret } });
    expect(await checkpoints.load('p')).toEqual([]);
  }
});
