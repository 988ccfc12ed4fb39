import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '@sluice/testkit';
import { build } from 'esbuild';

/** A program of `test/fixtures`, started as often as one likes; none of its processes outlives the `using` block. */
export class ChildProgram implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  static async build(name: string): Promise<ChildProgram> {
    const fixtures = join(import.meta.dirname, '..', 'fixtures');
    const folder = await mkdtemp(join(fixtures, '.built-'));
    const outfile = join(folder, `${name}.mjs`);
    await build({
      entryPoints: [join(fixtures, `${name}.ts`)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@sluice/source'],
      external: ['pg', 'rxjs'],
    });
    return new ChildProgram(folder, outfile);
  }

  /** Starts one that finds `orders`, as JSON, in its argv[2], and says a JSON a line. */
  start(orders: object): Child {
    const child = spawn(process.execPath, [this.program, JSON.stringify(orders)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return new Child(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGKILL ends a process that is stopped, too.
    for (const child of this.#children) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true });
  }
}

/** One of its processes. */
export class Child {
  readonly said: Record<string, unknown>[] = [];

  constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.said.push(JSON.parse(line)));
  }

  /** Resolves with the first thing it says, or has said, of this kind. */
  says(kind: string): Promise<unknown> {
    return waitFor(() => this.said.find((one) => one[kind] !== undefined)?.[kind], {
      what: `a process to say ${kind}`,
      timeoutMs: 60_000,
    });
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
