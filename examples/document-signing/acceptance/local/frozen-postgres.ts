import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs `work` while the Postgres on this data does not answer: its processes are stopped, and go on afterwards. Linux only. */
export async function whileFrozen(postgresFolder: string, work: () => Promise<void>): Promise<void> {
  const postmaster = Number.parseInt(await readFile(join(postgresFolder, 'postmaster.pid'), 'utf8'), 10);
  const frozen = [postmaster];
  process.kill(postmaster, 'SIGSTOP'); // the first: it makes no further ones
  try {
    for (const child of await childrenOf(postmaster)) {
      signal(child, 'SIGSTOP');
      frozen.push(child);
    }
    await work();
  } finally {
    for (const pid of frozen.reverse()) signal(pid, 'SIGCONT');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended by itself
  }
}

/** proc(5): the fourth field of `stat` is the parent; the second, in brackets, may have anything in it. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')), // ended meanwhile
  );
  return pids.filter((_, at) => Number(/\) . (\d+)/.exec(stats[at] ?? '')?.[1]) === parent).map(Number);
}
