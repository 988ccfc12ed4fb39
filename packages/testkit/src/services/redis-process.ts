import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { freePort } from '../network/free-port.js';
import { waitFor } from '../wait/wait-for.js';

/** A Redis that answers. */
export interface RedisProcess {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts the program on a free loopback port and waits until it answers. It keeps nothing on disk, ends with this process
 * however that ends, and does not keep it alive.
 *
 * @throws ComponentError `TEST_SERVICE_START_FAILED` with what it said last.
 */
export async function runRedis(program: string, answers: (port: number) => Promise<boolean>): Promise<RedisProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = launch(program, port);
    let cause: unknown;
    try {
      await waitFor(async () => server.ended() || (await answers(port)), {
        what: 'Redis to answer',
        timeoutMs: 60_000,
      });
    } catch (error) {
      cause = error;
    }
    if (cause === undefined && !server.ended()) return { port, stop: server.stop };
    await server.stop();
    // Another program may have taken the port in between.
    if (server.said().includes('Address already in use') && attempt < 5) continue;
    throw new ComponentError('TEST_SERVICE_START_FAILED', `Redis: ${server.said()}`, { cause });
  }
}

function launch(program: string, port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(program, settings, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const watchdog = watchOver(child.pid ?? 0, folder);
  let said = '';
  let ended = false;
  const outputs = [child.stdout, child.stderr] as (Socket | null)[];
  for (const output of outputs) {
    output?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    output?.unref();
  }
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      watchdog?.kill('SIGKILL');
      resolve();
    };
    child.once('close', end);
    child.once('error', (error) => {
      said += error.message;
      end();
    });
  });
  child.unref();
  const stop = async () => {
    child.ref();
    for (const output of outputs) output?.ref();
    if (!ended) child.kill('SIGKILL'); // there is nothing to save
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  return { ended: () => ended, said: () => said.trim(), stop };
}

/** A shell that ends the server when this process is gone: it waits for the end of a pipe which only we hold open. */
function watchOver(pid: number, folder: string): ChildProcess | undefined {
  if (pid === 0) return undefined;
  const script = 'cat >/dev/null; kill -KILL "$1"; rm -rf "$2"';
  const args = ['-c', script, 'sluice-watchdog', String(pid), folder];
  const shell = spawn('/bin/sh', args, { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined); // without a shell there is no watchdog, and the server runs all the same
  shell.stdin?.on('error', () => undefined); // the shell is gone already
  shell.unref();
  (shell.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return shell;
}
