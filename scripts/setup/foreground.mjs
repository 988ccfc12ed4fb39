import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const sameSignalMs = 1000;

// Should this process die without a word, the program is told to stop rather than left behind.
const stopWithParent = `data:text/javascript,${encodeURIComponent(`
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();`)}`;

/**
 * Runs a Node program in the foreground until it ends, and resolves with its exit code.
 *
 * The program gets each signal once. Ctrl-C reaches every process of the terminal's group, and npm passes it on again;
 * a program that drains on the first and gives up on the second would never drain. So it has a group of its own, and
 * repeats within a second are one signal. A second Ctrl-C, later, is passed on.
 */
export function runInForeground(file, args, options) {
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', stopWithParent, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    ...options,
  });
  let last = Number.NEGATIVE_INFINITY;
  const forward = (signal) => {
    const now = performance.now();
    if (now - last < sameSignalMs) return;
    last = now;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
