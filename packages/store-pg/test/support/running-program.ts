import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '@sluice/testkit';

/** A program that runs until the end of the `using` block, and is killed then. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  constructor(program: string, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdout?.on('data', (text) => {
      this.#said += text;
    });
  }

  /** Resolves when it says, or has said, this. */
  async says(text: string): Promise<void> {
    await waitFor(() => this.#said.includes(text), { what: `a program to say "${text}"`, timeoutMs: 60_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
