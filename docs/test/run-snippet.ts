import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import type { Snippet } from './snippets.js';

// Beneath the repository, so that the program finds its packages.
const folder = fileURLToPath(new URL('./temp', import.meta.url));
let programs = 0;

/** A snippet that runs as a program of its own, with our packages from source. It is ended with the test. */
export interface RunningSnippet {
  /** What it has printed so far. */
  output(): string;
  /** Resolves with its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends the signal and resolves once the program has ended. */
  end(signal: NodeJS.Signals): Promise<unknown>;
}

export async function runSnippet(
  { context, code, after }: Snippet,
  env: Record<string, string>,
): Promise<RunningSnippet> {
  mkdirSync(folder, { recursive: true });
  programs += 1;
  const file = join(folder, `${process.pid}-${programs}.mjs`);
  await build({
    stdin: { contents: [context, code, after].join('\n'), loader: 'ts', resolveDir: folder },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sluice/source'],
    logLevel: 'silent',
    plugins: [
      {
        name: 'everything but our own stays outside',
        setup(plugin) {
          plugin.onResolve({ filter: /^[^./]/ }, ({ path }) =>
            path.startsWith('@sluice/') ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  onTestFinished(async () => {
    await end('SIGKILL');
    rmSync(file, { force: true });
  });
  return { output: collect(child), ended, end };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
  return () => text;
}
