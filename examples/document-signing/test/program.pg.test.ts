import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '@sluice/testkit';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { dataFolder } from './support/application.js';
import { buildProgram, Run } from './support/program.js';
import { call } from './support/service.js';

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
};

async function postmaster(data: string): Promise<number> {
  const { postgres } = JSON.parse(await readFile(join(data, 'document-signing.json'), 'utf8'));
  return Number.parseInt(await readFile(join(postgres, 'postmaster.pid'), 'utf8'), 10);
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s drains, stops the database and ends with 0', async (signal) => {
  const data = await dataFolder();
  const run = new Run(main, ['--port', '0', '--data', data]);
  const url = await run.says(/The page: {2}(http:\S+)\//);
  expect(run.output).toContain('starting Postgres');
  expect((await call(`${url}/documents`, 'POST', lease)).status).toBe(201);
  expect((await call(`${url}/`, 'GET')).text).toContain('<title>Documents</title>');
  const pid = await postmaster(data);
  run.process.kill(signal);
  run.process.kill(signal);
  expect(await run.ended, run.output).toEqual({ code: 0, signal: null });
  expect(run.output).toContain('Stopped.');
  expect(alive(pid)).toBe(false);
});

test('killed without warning, it leaves no database behind, and the next start is right; --fresh starts over', async () => {
  const data = await dataFolder();
  const first = new Run(main, ['--port', '0', '--data', data]);
  const url = await first.says(/The page: {2}(http:\S+)\//);
  for (let n = 0; n < 5; n++) await call(`${url}/documents`, 'POST', { ...lease, title: `T${n}` });
  const pid = await postmaster(data);
  first.process.kill('SIGKILL');
  await first.ended;
  await waitFor(() => !alive(pid), { what: 'the end of the database', timeoutMs: 30_000 });

  const second = new Run(main, ['--port', '0', '--data', data]);
  const again = await second.says(/The page: {2}(http:\S+)\//);
  const titles = (await call(`${again}/documents`, 'GET')).body.map(({ title }: { title: string }) => title);
  expect(titles).toEqual(['T4', 'T3', 'T2', 'T1', 'T0']);

  const tooEarly = new Run(main, ['--port', '0', '--data', data, '--fresh']);
  expect(await tooEarly.ended).toEqual({ code: 1, signal: null });
  expect(tooEarly.output).toContain(`It already runs at ${again}/ (process ${second.process.pid}).`);
  second.process.kill('SIGTERM');
  expect((await second.ended).code).toBe(0);

  const third = new Run(main, ['--port', '0', '--data', data, '--fresh']);
  const fresh = await third.says(/The page: {2}(http:\S+)\//);
  expect((await call(`${fresh}/documents`, 'GET')).body).toEqual([]);
  third.process.kill('SIGTERM');
  expect((await third.ended).code).toBe(0);
});

test('a taken port, a wrong option and a running instance are a sentence and exit code 1', async () => {
  const data = await dataFolder();
  const first = new Run(main, ['--port', '0', '--data', data]);
  const port = await first.says(/The page: {2}http:\S+:(\d+)\//);
  const taken = String(await takenPort());
  for (const [args, sentence] of [
    [['--port', taken], `Port ${taken} is taken.`],
    [['--port', '60000'], '--port should be a number from 0 to'],
    [['--prot', '1'], 'Usage: npm start'],
    [['--port', taken, '--data', data], `It already runs at http://127.0.0.1:${port}/ (process ${first.process.pid}).`],
    [['--port', '0', '--data', data], 'It already runs at'],
  ] as const) {
    const run = new Run(main, args);
    expect((await run.ended).code).toBe(1);
    expect(run.output).toContain(sentence);
    expect(run.output).not.toMatch(/\n\s+at /);
  }
  expect((await call(`http://127.0.0.1:${port}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
});

/** A port that somebody listens on until the test ends, low enough to be a base of ports. */
async function takenPort(): Promise<number> {
  for (let port = 12_000; ; port++) {
    const server = createServer();
    const got = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!got) continue;
    onTestFinished(() => void server.close());
    return port;
  }
}

test('two starts at once on the same data: one runs, the other is told so', async () => {
  const data = await dataFolder();
  const runs = [
    new Run(main, ['--port', '0', '--data', data]),
    new Run(main, ['--port', '0', '--data', data]),
  ] as const;
  const loser = await Promise.race(runs.map((run) => run.ended.then(() => run)));
  const winner = runs[0] === loser ? runs[1] : runs[0];
  // "Stopped." when it had begun before it was told.
  expect(loser.output).toMatch(/^It already runs .*\(process \d+\)\..*\n(Stopped\.\n)?$/);
  await winner.says(/The page: {2}(http:\S+)\//);
  winner.process.kill('SIGTERM');
  expect((await winner.ended).code).toBe(0);
});

test('a stop that was asked for during the start is the last that is said', async () => {
  const run = new Run(main, ['--port', '0', '--data', await dataFolder()]);
  await run.says(/starting Postgres/);
  run.process.kill('SIGINT');
  expect(await run.ended, run.output).toEqual({ code: 0, signal: null });
  expect(run.output).toMatch(/finishing what is in flight.*…\nStopped\.\n$/);
});

test('when the database is killed it says so, stops, and ends with 1; the data is kept', async () => {
  const data = await dataFolder();
  const run = new Run(main, ['--port', '0', '--data', data]);
  const url = await run.says(/The page: {2}(http:\S+)\//);
  await call(`${url}/documents`, 'POST', lease);
  process.kill(await postmaster(data), 'SIGKILL');
  expect(await run.ended, run.output).toEqual({ code: 1, signal: null });
  expect(run.errors).toBe(
    'Postgres has ended (signal SIGKILL); stopping. Start again with npm start: the data is kept.\n',
  );
  expect(run.output).toContain('Stopped.');

  const next = new Run(main, ['--port', '0', '--data', data]);
  const again = await next.says(/The page: {2}(http:\S+)\//);
  expect((await call(`${again}/documents`, 'GET')).body).toHaveLength(1);
});

test('the commands that it prints work as they are', async () => {
  const run = new Run(main, ['--port', '0', '--data', await dataFolder()]);
  const url = await run.says(/The page: {2}(http:\S+)\//);
  await run.says(/Ctrl-C stops everything/);
  const commands = /watch it change:\n\n(.*?)\n\nEach service/s.exec(run.output)?.[1]?.split('\n') ?? [];
  const deletion = commands.pop();
  const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', commands.join('\n')]);
  expect(stdout).toContain('"status":"signed"');
  expect(stdout).toContain('"total_views":1');
  expect((await call(`${url}/documents`, 'GET')).body).toMatchObject([{ status: 'signed', version: 2 }]);
  const newest = commands.find((line) => line.includes('ID='));
  await promisify(execFile)('/bin/sh', ['-ec', `${newest}\n${deletion}`]);
  expect((await call(`${url}/documents`, 'GET')).body).toEqual([]);
});
