import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));

/** A program of this folder, built from its sources, that can be started and killed as often as one likes. */
export interface Killable extends AsyncDisposable {
  start(...args: readonly string[]): Promise<Running>;
}

/** One run of it. */
export interface Running {
  readonly child: ChildProcess;
  /** What it wrote to stderr. */
  readonly log: () => string;
  /** Ends it with a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Builds `file` once. */
export async function killable(file: string): Promise<Killable> {
  const folder = await mkdtemp(join(HERE, '.built-'));
  const program = join(folder, 'program.mjs');
  await build({
    entryPoints: [join(HERE, file)],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sluice/source'],
    external: ['pg', 'rxjs'],
    logLevel: 'error',
  });
  return {
    async start(...args) {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'pipe'] });
      let log = '';
      child.stderr.on('data', (text) => {
        log = (log + text).slice(-10_000);
      });
      await once(child, 'spawn');
      return {
        child,
        log: () => log,
        async end(signal) {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exit = once(child, 'exit');
          child.kill(signal);
          await exit;
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
