import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * When a process started, in whatever words the system has for it; `undefined` when there is no such process. With its number
 * that names one process for good: after a restart of the machine, or in a new container, another one may have the number.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (!existsSync('/proc/self/stat')) return startByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // no such process
  // The name, in parentheses, may hold spaces. The state comes after it, and the start as field 22 (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function startByPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } }, (_, output) => {
      resolve(output.trim() || undefined);
    });
  });
}
