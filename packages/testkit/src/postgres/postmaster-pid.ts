import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { waitFor } from '../wait/wait-for.js';

/** What a server writes into postmaster.pid (Postgres 18, storage-file-layout). */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** Names the process that started the server, and the server, for the one that finds the server later. */
export const OWNER_FILE = 'sluice-owner';

/** The server that the data directory says runs on it. It may be long gone. */
export async function readPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined); // none runs
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/** The server that really runs on the data directory. A process that took over the number of a dead one does not count. */
export async function livePostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const found = await readPostmaster(dataDir);
  if (found === undefined || !isAlive(found.pid)) return undefined;
  return (await commandOf(found.pid)).includes(dataDir) ? found : undefined;
}

/**
 * Makes the data directory free: stops the server that a killed process left behind, and removes the file of one that was
 * killed itself.
 *
 * @throws ComponentError `POSTGRES_DATA_DIR_IN_USE` when the process that started the server is alive, or is not known.
 */
export async function clearTheWay(dataDir: string): Promise<void> {
  const live = await livePostmaster(dataDir);
  if (live === undefined) {
    if (await readPostmaster(dataDir)) await rm(join(dataDir, 'postmaster.pid'), { force: true });
    return;
  }
  const owner = await ownerOf(dataDir, live.pid);
  if (owner === 0 || owner === process.pid || isAlive(owner)) {
    throw new ComponentError('POSTGRES_DATA_DIR_IN_USE', `process ${owner || live.pid} runs Postgres on ${dataDir}`, {
      details: { owner, postmaster: live.pid },
    });
  }
  process.kill(live.pid, 'SIGINT');
  await waitFor(() => !isAlive(live.pid), { what: 'the server of a killed process to stop', timeoutMs: 30_000 });
}

/** 0: started by hand, or a moment ago. */
async function ownerOf(dataDir: string, postmaster: number): Promise<number> {
  const text = await readFile(join(dataDir, OWNER_FILE), 'utf8').catch(() => ''); // none was written
  const [owner, started] = text.split(' ').map(Number);
  return started === postmaster ? (owner ?? 0) : 0;
}

/** Whether there is a process with this number, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // ended meanwhile
  }
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'command=', '-p', String(pid)], (_, output) => resolve(output));
  });
}
