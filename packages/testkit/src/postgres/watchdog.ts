import { type ChildProcess, spawn } from 'node:child_process';
import type { DataDir } from './data-dir.js';
import type { UnixUser } from './unprivileged-user.js';

/**
 * Stops the server when this process is gone, in whatever way: a shell that waits for the end of a pipe which only we hold
 * open. Signals are no use here, since nothing runs after SIGKILL.
 *
 * It asks for a fast shutdown, and for an immediate one after 20 seconds; a temporary data directory is removed. It acts
 * only on the process that postmaster.pid still names, so it never hits one that was given the number later.
 */
export function watchOver(pid: number, dataDir: DataDir, runAs: UnixUser | undefined): ChildProcess {
  const args = ['-c', SCRIPT, 'sluice-watchdog', String(pid), dataDir.path, dataDir.temporary ? 'remove' : 'keep'];
  const shell = spawn('/bin/sh', args, { cwd: '/', detached: true, ...runAs, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined); // without a shell there is no watchdog, and the server runs all the same
  shell.stdin?.on('error', () => undefined); // the shell is gone already
  shell.unref();
  (shell.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return shell;
}

const SCRIPT = `
pid=$1 dir=$2 then=$3
ours() { [ "$(head -n 1 "$dir/postmaster.pid" 2>/dev/null)" = "$pid" ] && kill -0 "$pid" 2>/dev/null; }
cat >/dev/null
ours && kill -INT "$pid"
left=200
while ours && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
ours && kill -QUIT "$pid" && sleep 1
[ "$then" = remove ] && rm -rf "$dir"
exit 0
`;
