import { spawn } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { root } from '../setup/root.mjs';

/** Runs a Node program (a path in node_modules, or an absolute one) with its output in the open. Rejects when it fails. */
export async function run(program, args = []) {
  const code = await exitCodeOf(program, args);
  if (code !== 0) throw new Error(`It failed (${code}).`);
}

/**
 * The same, for a caller who reads the outcome elsewhere: resolves with the exit code, or the signal that ended it. `enter` is
 * a command to put before it, `env` is added to ours.
 */
export async function exitCodeOf(program, args = [], { enter = [], env = {} } = {}) {
  const file = isAbsolute(program) ? program : join(root, 'node_modules', program);
  const [command, ...rest] = [...enter, process.execPath, file, ...args];
  const child = spawn(command, rest, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal));
  });
}
