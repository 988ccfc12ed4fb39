import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '@sluice/testkit';
import { build } from 'esbuild';
import type { Orders } from '../fixtures/instance.js';

/** What an instance says. */
export interface Said {
  readonly started?: number;
  readonly holds?: 'write' | 'put';
  readonly late?: string;
  readonly notice?: string;
  readonly failed?: string;
}

/** Instances of one service, each a process; none outlives the `using` block. */
export class InstanceProcesses implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  static async build(): Promise<InstanceProcesses> {
    const fixtures = join(import.meta.dirname, '..', 'fixtures');
    const folder = await mkdtemp(join(fixtures, '.built-'));
    const outfile = join(folder, 'instance.mjs');
    await build({
      entryPoints: [join(fixtures, 'instance.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@sluice/source'],
      external: ['pg', 'rxjs'],
    });
    return new InstanceProcesses(folder, outfile);
  }

  start(orders: Orders): InstanceProcess {
    const child = spawn(process.execPath, [this.program, JSON.stringify(orders)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return new InstanceProcess(child);
  }

  killAll(): void {
    // SIGKILL ends a process that is stopped, too.
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await rm(this.folder, { recursive: true });
  }
}

/** One of them. */
export class InstanceProcess {
  readonly said: Said[] = [];

  constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.said.push(JSON.parse(line) as Said));
  }

  /** Resolves with the first thing it says, or has said, of this kind. */
  says<Kind extends keyof Said>(kind: Kind): Promise<NonNullable<Said[Kind]>> {
    return waitFor(() => this.said.find((one) => one[kind] !== undefined)?.[kind], {
      what: `an instance to say ${kind}`,
      timeoutMs: 60_000,
    }) as Promise<NonNullable<Said[Kind]>>;
  }

  /** What it waits for goes on. */
  goOn(): void {
    this.child.stdin?.write('go on\n');
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
