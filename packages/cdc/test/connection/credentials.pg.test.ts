import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { postgresChanges } from '../../src/index.js';
import { Driver } from '../support/drive.js';

const database = useDatabase();
const server = () => new URL(database.url);
let slots = 0;

beforeAll(async () => {
  await database.query('CREATE TABLE rows (id int PRIMARY KEY)');
  await database.query('INSERT INTO rows VALUES (1)');
});
afterEach(() => vi.unstubAllEnvs());

/** Reads the snapshot: that takes a replication connection and ordinary ones. */
async function reads(connection: Parameters<typeof postgresChanges>[0]['connection']): Promise<number> {
  slots += 1;
  const slot = { name: `${database.name}_${slots}`, temporary: true };
  await using driver = await Driver.open(postgresChanges({ connection, tables: ['public.rows'], slot }) as never);
  return (await driver.snapshot()).length;
}

async function withPasswordFile(password: string, work: (address: object) => Promise<void>): Promise<void> {
  const { hostname, port, username, pathname } = server();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pgpass-'));
  const file = join(folder, 'pgpass');
  await writeFile(file, `${hostname}:${port}:*:${username}:${password}\n`);
  await chmod(file, 0o600);
  vi.stubEnv('PGPASSFILE', file);
  try {
    await work({ host: hostname, port: Number(port), user: username, database: pathname.slice(1) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the password comes from the password file', async () => {
  await withPasswordFile(decodeURIComponent(server().password), async (address) => {
    expect(await reads(address)).toBe(1);
  });
});

test('a wrong password is an error for a person, and stays out of it', async () => {
  await withPasswordFile('not-the-password', async (address) => {
    const refused = reads(address);
    await expect(refused).rejects.toMatchObject({ code: 'CDC_AUTH_FAILED', retry: 'operator' });
    await expect(refused).rejects.not.toThrow(/not-the-password/);
  });
});

test('an empty connection takes the PG environment variables', async () => {
  const { hostname, port, username, password, pathname } = server();
  vi.stubEnv('PGHOST', hostname);
  vi.stubEnv('PGPORT', port);
  vi.stubEnv('PGUSER', username);
  vi.stubEnv('PGPASSWORD', decodeURIComponent(password));
  vi.stubEnv('PGDATABASE', pathname.slice(1));
  expect(await reads({})).toBe(1);
});
