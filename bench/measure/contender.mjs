// A contender runs in a process of its own: what it uses is its own, and nobody's warm code helps it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs `script` (a URL) with `job`, and answers with the JSON that it prints. `cpuProf`: a folder for a CPU profile. `flags`:
 * more of Node's own.
 * The job goes by the environment: it may hold a password, which has no business among the arguments.
 */
export async function runContender(script, job, { cpuProf, flags = [], timeoutMs = 600_000 } = {}) {
  const profile = cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`];
  const child = spawn(process.execPath, [...profile, ...flags, fileURLToPath(script)], {
    env: { ...process.env, BENCH_JOB: JSON.stringify(job) },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeoutMs,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  });
  if (code !== 0) throw new Error(`${fileURLToPath(script)} ended with ${signal ?? `code ${code}`}`);
  return JSON.parse(output);
}

/** In the contender's process: what it is to do. */
export const job = () => JSON.parse(process.env.BENCH_JOB);

/** In the contender's process: hands the result over and ends, whatever is still open. */
export function report(result) {
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}
