import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readArguments, UsageError } from '../src/command-line/arguments.js';
import { assertPortFree } from '../src/command-line/port.js';
import { processStart } from '../src/command-line/process-start.js';
import { openDataFolder, removeDataFolder } from '../src/data-folder.js';
import { assertNotRunning, claimFolder } from '../src/run-file.js';

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'document-signing-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('a port is a number that leaves room for the services', () => {
  expect(readArguments([]).port).toBeUndefined();
  expect(readArguments(['--port', '9200']).port).toBe(9200);
  expect(() => readArguments(['--port', 'x'])).toThrow('--port should be a number from 0 to 23484, not "x".');
  expect(() => readArguments(['--port', '60000'])).toThrow(/^--port/);
  expect(() => readArguments(['--prot', '1'])).toThrow(UsageError);
});

test('a taken port is named, with the option that changes it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(assertPortFree(port)).rejects.toThrow(`Port ${port} is taken`);
  await expect(assertPortFree(port)).rejects.toThrow(`--port ${port + 1}`);
});

test('a folder that is not ours is neither used nor removed', async () => {
  const path = await temporaryFolder();
  await writeFile(join(path, 'thesis.txt'), 'years of work');
  await expect(openDataFolder(path)).rejects.toThrow(UsageError);
  await expect(removeDataFolder(path)).rejects.toThrow(UsageError);
  expect(existsSync(join(path, 'thesis.txt'))).toBe(true);
});

test('our own folder is removed, unless its database runs', async () => {
  const path = join(await temporaryFolder(), 'data');
  await openDataFolder(path);
  await expect(removeDataFolder(path)).resolves.toBeUndefined();
  expect(existsSync(path)).toBe(false);
  await expect(removeDataFolder(path)).resolves.toBeUndefined();

  const again = await openDataFolder(path);
  await mkdir(again.postgres);
  await writeFile(join(again.postgres, 'postmaster.pid'), `${process.pid}\n`);
  await expect(removeDataFolder(path)).rejects.toThrow('is running: stop it first');
});

test('a folder is claimed by one process: a second one is told where the first runs', async () => {
  const path = await temporaryFolder();
  const claim = await claimFolder(path, 'http://127.0.0.1:9100');
  const told = `It already runs at http://127.0.0.1:9100/ (process ${process.pid}). Stop it, or give this one its own data with --data DIR and --port.`;
  await expect(claimFolder(path, 'http://127.0.0.1:9200')).rejects.toThrow(told);
  await expect(removeDataFolder(path)).rejects.toThrow(UsageError);
  await claim.remove();
  await assertNotRunning(path);
});

test('of many that claim a folder at once, one gets it, also when the claim of a dead process is in the way', async () => {
  const path = await temporaryFolder();
  await writeFile(join(path, 'running.json'), JSON.stringify({ pid: 4_194_305, started: '1' }));
  const claims = await Promise.allSettled(['a', 'b', 'c'].map((name) => claimFolder(path, name)));
  expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await readdir(path)).toEqual(['running.json']);
});

test('a claim counts for nothing when its process is gone, also when another process has its number now', async () => {
  const path = await temporaryFolder();
  for (const claim of [
    { pid: 4_194_305, started: '1', url: 'x' },
    { pid: process.pid, started: 'long ago', url: 'x' },
  ]) {
    await writeFile(join(path, 'running.json'), JSON.stringify(claim));
    await (await claimFolder(path, undefined)).remove();
  }
  expect(await processStart(process.pid)).toBe(await processStart(process.pid));
  expect(await processStart(4_194_305)).toBeUndefined();
});
