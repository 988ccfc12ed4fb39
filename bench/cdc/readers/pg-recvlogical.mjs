// pg_recvlogical, the client that comes with Postgres: receives, decodes nothing, writes to /dev/null.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Its version, or undefined when it is not installed. */
export function pgRecvlogicalVersion() {
  const { stdout, status } = spawnSync('pg_recvlogical', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(' ').at(2) : undefined;
}

/** Reads the job's slot to the end of the backlog. The shell's `times` tells what its only child has used. */
export async function runPgRecvlogical({ url, slot, publication, events, end }) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const args = ['-h', hostname, '-p', port, '-U', decodeURIComponent(username), '-d', pathname.slice(1), '-S', slot];
  args.push('--start', '--no-loop', '-f', '/dev/null', '--endpos', end);
  args.push('-o', 'proto_version=1', '-o', `publication_names=${publication}`);
  const start = performance.now();
  const child = spawn('sh', ['-c', 'pg_recvlogical "$@" && times', 'sh', ...args], {
    env: { ...process.env, PGPASSWORD: decodeURIComponent(password) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  let peakMiB = 0;
  const looking = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOfChild(child.pid));
  }, 50);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(looking);
  if (code !== 0) throw new Error(`pg_recvlogical ended with code ${code}`);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpuSeconds: childCpuSeconds(output), peakMiB, events };
}

/** The second line of `times` is that of the children: `0m1.234s 0m0.567s`. */
function childCpuSeconds(times) {
  const [, children = ''] = times.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, min, sec]) => sum + Number(min) * 60 + Number(sec),
    0,
  );
}

function peakOfChild(shell) {
  try {
    const [child] = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return 0; // not started yet, or gone, or no /proc here
  }
}
