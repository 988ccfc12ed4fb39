import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres } from '../src/postgres/index.js';
import { isAlive } from '../src/postgres/postmaster-pid.js';
import { waitFor } from '../src/wait/wait-for.js';
import { runFixture } from './fixtures/run-fixture.js';

interface Held {
  readonly url: string;
  readonly pid: number;
  readonly path: string;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a temporary server stops, and its data goes, when the process that started it is killed', async () => {
  const { child, first: held } = await runFixture<Held>('hold-postgres');
  expect(existsSync(held.path)).toBe(true);
  child.kill('SIGKILL');
  await waitFor(() => !isAlive(held.pid), { what: 'the server to stop' });
  await waitFor(() => !existsSync(held.path), { what: 'its data to go' });
});

test('a temporary server that was stopped leaves nothing behind', async () => {
  const server = await startPostgres();
  await server.stop();
  expect([isAlive(server.pid), existsSync(server.dataDir)]).toEqual([false, false]);
});

test('`exited` tells how the server ended: by a stop, or killed from outside', async () => {
  const stopped = await startPostgres();
  await stopped.stop();
  expect(await stopped.exited).toEqual({ code: 0, signal: null });
  await using killed = await startPostgres();
  process.kill(killed.pid, 'SIGKILL');
  expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('`stop` of a server that was killed holds the process until the last backend is gone', async () => {
  const { child, first } = await runFixture<Held>('stop-killed-postgres');
  const ended = once(child, 'exit');
  const client = new Client({ connectionString: first.url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0].pid, 'SIGSTOP');
  process.kill(first.pid, 'SIGKILL');
  // Time enough to run out of things to wait for.
  let looks = 0;
  await waitFor(() => child.exitCode !== null || ++looks > 40, { what: 'the process to end, or not' });
  process.kill(rows[0].pid, 'SIGKILL');
  expect(await ended).toEqual([3, null]);
});

describe('with a data directory', () => {
  let folder: string;
  let dataDir: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    dataDir = join(folder, 'made', 'here');
    // Open, as a project folder usually is.
    if (process.getuid?.() === 0) rmSync(folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('of two starts at once one gets the new directory, and the other is told so', async () => {
    const starts = await Promise.allSettled([startPostgres({ dataDir }), startPostgres({ dataDir })]);
    const failed = starts.filter((start) => start.status === 'rejected');
    expect(failed.map(({ reason }) => reason.code)).toEqual(['POSTGRES_DATA_DIR_IN_USE']);
    for (const start of starts) if (start.status === 'fulfilled') await start.value.stop();
  });

  test('data and password survive a stop', async () => {
    {
      await using server = await startPostgres({ dataDir });
      await ask(server.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    }
    await using server = await startPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  test('what was committed survives SIGKILL, and the next start clears up', async () => {
    const killed = await startPostgres({ dataDir });
    await ask(killed.url, 'INSERT INTO kept VALUES (2)');
    await killed.kill();
    await using server = await startPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('a postmaster.pid whose number now belongs to another process is no obstacle', async () => {
    const killed = await startPostgres({ dataDir });
    const pidFile = join(dataDir, 'postmaster.pid');
    const text = readFileSync(pidFile, 'utf8');
    await killed.kill();
    writeFileSync(pidFile, text.replace(/^\d+/, String(process.ppid)));
    await using server = await startPostgres({ dataDir });
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('while the process that started the server lives, nobody else gets the directory, save by `reuse`', async () => {
    await using server = await startPostgres({ dataDir });
    await expect(startPostgres({ dataDir })).rejects.toMatchObject({ code: 'POSTGRES_DATA_DIR_IN_USE' });
    const borrowed = await startPostgres({ dataDir, reuse: true });
    await borrowed.stop();
    expect(await ask(borrowed.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(borrowed.pid).toBe(server.pid);
    await server.stop();
    expect(await borrowed.exited).toEqual({ code: null, signal: null });
  });

  test('a server that outlived the process which started it is stopped by the next start', async () => {
    const { child, first: held } = await runFixture<Held>('hold-postgres', [dataDir]);
    writeFileSync(join(dataDir, 'sluice-owner'), `4194305 ${held.pid}`); // above the highest number a process can have
    await using server = await startPostgres({ dataDir });
    expect(isAlive(held.pid)).toBe(false);
    expect(server.pid).not.toBe(held.pid);
    child.kill('SIGKILL');
  });

  test('another password than the directory was made with is refused by name', async () => {
    await expect(startPostgres({ dataDir, password: 'other' })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

test('a directory that holds something else is left alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    await expect(startPostgres({ dataDir: folder })).rejects.toMatchObject({ code: 'POSTGRES_DATA_DIR_FOREIGN' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.runIf(process.getuid?.() === 0)('root, with data under a closed folder', () => {
  test('gets another place, the same each time, and is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-closed-')); // mkdtemp makes it 0700
    const said: string[] = [];
    const start = () => startPostgres({ dataDir: join(folder, 'data'), notice: (message) => said.push(message) });
    const first = await start();
    await first.stop();
    const second = await start();
    try {
      expect(second.dataDir).toBe(first.dataDir);
      expect(second.dataDir.startsWith(folder)).toBe(false);
      expect(said.join()).toContain(second.dataDir);
    } finally {
      await second.stop();
      rmSync(second.dataDir, { recursive: true });
      rmSync(folder, { recursive: true });
    }
  });

  test('leaves nothing behind for ever once the closed temporary folder is gone', async () => {
    const [gone, other] = [
      mkdtempSync(join(tmpdir(), 'sluice-closed-')),
      mkdtempSync(join(tmpdir(), 'sluice-closed-')),
    ];
    const abandoned = await startPostgres({ dataDir: join(gone, 'data') });
    await abandoned.stop();
    rmSync(gone, { recursive: true });
    const next = await startPostgres({ dataDir: join(other, 'data') });
    await next.stop();
    expect([existsSync(abandoned.dataDir), existsSync(next.dataDir)]).toEqual([false, true]);
    rmSync(next.dataDir, { recursive: true });
    rmSync(other, { recursive: true });
  });
});
