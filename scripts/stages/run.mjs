import { spawn } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { root } from '../setup/root.mjs';

/**
 * Runs a Node program (a path in node_modules, or an absolute one) with its output in the open.
 * Rejects when it fails, unless `allowFailure` says that the caller reads the outcome elsewhere.
 */
export async function run(program, args = [], { allowFailure = false, env = {} } = {}) {
  const file = isAbsolute(program) ? program : join(root, 'node_modules', program);
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal));
  });
  if (code !== 0 && !allowFailure) throw new Error(`It failed (${code}).`);
  return code;
}
