import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const readyWithinMs = 60_000;

/**
 * Starts a Docker daemon of our own, as root: in its own network, mount and process namespaces, with its own data and socket
 * in a temporary folder. It touches no firewall and no mount of this machine, and all of it, containers included, is gone
 * with one process, also when we are killed.
 *
 * `env` leads Docker clients to it; `enter` is the command that puts a program into its network, where published ports are.
 */
export async function startDaemon() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-docker-'));
  const log = openSync(join(folder, 'log'), 'w');
  const namespaces = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'private',
  ];
  const child = spawn('unshare', [...namespaces, '/bin/sh', '-c', inside, 'sluice-docker', folder], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const watchdog = watchOver(child.pid, folder);
  const cleaned = once(watchdog, 'exit');
  const env = {
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    // It would be one more image, and what it removes is gone with the daemon.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
  };
  const stop = async () => {
    watchdog.stdin.end();
    await cleaned;
  };
  try {
    const deadline = Date.now() + readyWithinMs;
    while (!daemonAnswers(env)) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`The Docker daemon did not start:\n${readFileSync(join(folder, 'log'), 'utf8').slice(-3000)}`);
      }
      await pause(100);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, enter: ['nsenter', `--net=/proc/${child.pid}/ns/net`], stop };
}

/** Whether a Docker daemon answers: at DOCKER_HOST, else at the usual place. */
export function daemonAnswers(env = {}) {
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 10_000,
  });
  return asked.status === 0 && asked.stdout.trim() !== '';
}

// The first process of its namespace: when it ends, the kernel ends all others in there.
const inside = `
busybox ip link set lo up
[ -d /run/containerd ] && mount -t tmpfs tmpfs /run/containerd
dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/docker.sock" \\
  --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "\${1##*/}" &
wait
`;

/**
 * Ends the daemon and removes what it leaves, files and control groups, once it is told to or this process is gone in
 * whatever way: a shell waits for the end of a pipe that only we hold open.
 */
function watchOver(pid, folder) {
  const shell = spawn('/bin/sh', ['-c', afterwards, 'sluice-watchdog', String(pid), folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin.on('error', () => undefined); // the shell is gone already
  return shell;
}

// The last processes of a killed namespace let go of files and groups a moment later.
const afterwards = `
cat >/dev/null
grep -q "$2" "/proc/$1/cmdline" && kill -KILL "$1"
groups() { find /sys/fs/cgroup -depth -type d -path "*/\${folder##*/}*"; }
folder=$2 left=100
while [ $left -gt 0 ]; do
  groups | while read -r group; do rmdir "$group"; done
  rm -rf "$folder" && [ -z "$(groups)" ] && exit 0
  sleep 0.1
  left=$((left - 1))
done
exit 1
`;
