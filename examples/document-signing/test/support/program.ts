import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/testkit';
import { build, defaultServerConditions } from 'vite';
import { onTestFinished } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../temp/', import.meta.url));

/** Builds the command from its sources, with a page of one line. Test files that run at the same time give folders of their own. */
export async function buildProgram(name = 'program'): Promise<string> {
  const folder = `${FOLDER}${name}/`;
  await build({
    configFile: false,
    logLevel: 'error',
    // The workspace has an older lru-cache at its root than the one of @sluice/runtime.
    ssr: {
      noExternal: [/^@sluice\//, 'lru-cache'],
      resolve: { conditions: ['@sluice/source', ...defaultServerConditions] },
    },
    build: { ssr: SOURCE, outDir: folder, emptyOutDir: true, target: 'node20' },
  });
  await mkdir(`${folder}page`, { recursive: true });
  await writeFile(`${folder}page/index.html`, '<!doctype html><title>Documents</title>');
  return `${folder}main.js`;
}

/** A run of the command, and what it said so far. */
export class Run {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  output = '';
  /** What of it went to stderr. */
  errors = '';

  constructor(main: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk;
        if (stream === this.process.stderr) this.errors += chunk;
      });
    }
    this.ended = new Promise((resolve) => this.process.once('close', (code, signal) => resolve({ code, signal })));
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
  }

  /** Waits until it says so; the match's first group. */
  async says(pattern: RegExp): Promise<string> {
    const match = await waitFor(() => pattern.exec(this.output), { what: `the output ${pattern}`, timeoutMs: 30_000 });
    return match[1] ?? '';
  }
}
