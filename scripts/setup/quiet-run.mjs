import { spawn } from 'node:child_process';
import { root } from './root.mjs';

const sayAfterMs = 600;

/**
 * Runs a command without showing its output, and says in plain words what is being waited for once that takes longer
 * than a moment. When the command fails, everything it printed is shown, and the returned promise rejects.
 *
 * SIGINT and SIGTERM end the command and then this process.
 */
export async function quietRun(waitingFor, command, args, { env = {} } = {}) {
  const started = Date.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const stop = stopWith(child);
  const line = progressLine(waitingFor, started);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? signal));
  }).finally(() => {
    stop.release();
    line.end();
  });
  const text = Buffer.concat(output).toString();
  if (stop.signal !== undefined) process.exit(stop.signal === 'SIGINT' ? 130 : 143);
  if (code !== 0) {
    process.stderr.write(text);
    throw new Error(`${[command, ...args].join(' ')} failed (${code}); its output is above.`);
  }
  return text;
}

function stopWith(child) {
  const state = { signal: undefined, release };
  const onSignal = (signal) => {
    state.signal ??= signal;
    child.kill(signal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  function release() {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  return state;
}

// On a terminal the line counts the seconds; elsewhere it is said once, and once more at the end.
function progressLine(waitingFor, started) {
  const terminal = process.stdout.isTTY === true;
  const seconds = () => ((Date.now() - started) / 1000).toFixed(terminal ? 0 : 1);
  let said = false;
  const say = () => {
    if (terminal) process.stdout.write(`\r${waitingFor}… ${seconds()} s`);
    else if (!said) process.stdout.write(`${waitingFor}…\n`);
    said = true;
  };
  const first = setTimeout(say, sayAfterMs);
  const ticking = setInterval(() => said && terminal && say(), 1000);
  return {
    end() {
      clearTimeout(first);
      clearInterval(ticking);
      if (said) process.stdout.write(terminal ? `\r${waitingFor}: ${seconds()} s  \n` : `  done in ${seconds()} s\n`);
    },
  };
}
