import { ComponentError, type DrainReport, type Lane, type Pipeline, type PipelineState } from '@sluice/contracts';
import type { Guarantee } from '../guarantee/guarantee.js';
import { type PipelinePromise, promiseOfAll } from '../guarantee/pipeline-promise.js';
import type { PipelineReport, RunningPipeline } from '../pipeline/running-pipeline.js';

/** How a routed pipeline is doing. */
export interface RoutedReport {
  readonly state: PipelineState;
  /** The weakest of the branches' guarantees. */
  readonly guarantee: Guarantee;
  /** What all branches promise, and why. */
  readonly promise: PipelinePromise;
  readonly branches: Readonly<Record<string, PipelineReport>>;
}

/** What a drain had to give up, over all branches and of each. */
export interface RoutedDrainReport extends DrainReport {
  readonly branches: Readonly<Record<string, DrainReport>>;
}

/**
 * A pipeline of one source and several sinks, composed with `.route(...)`. Each branch has checkpoints, credits, retries and
 * dead letters of its own; the source is read once, and is told the least of what the branches have stored.
 *
 * A branch whose sink has to be opened anew takes the others along, each from its own checkpoint. A branch that fails for
 * good fails the pipeline; the others are drained first.
 */
export class RoutedPipeline implements Pipeline {
  #failure: { readonly error: unknown } | undefined;
  #run: Promise<void> | undefined;
  #over = false;
  #draining: Promise<RoutedDrainReport> | undefined;

  /** @internal Made by `pipeline(...).route(...)`. */
  constructor(
    readonly name: string,
    /** @internal */ readonly branches: ReadonlyMap<string, RunningPipeline>,
    private readonly left: (branch: string) => void,
  ) {}

  get state(): PipelineState {
    const states = [...this.branches.values()].map(({ state }) => state);
    const some = (state: PipelineState) => states.includes(state);
    if (this.#run === undefined) return this.#draining ? 'stopped' : 'idle';
    if (this.#over) return this.#failure ? 'failed' : 'stopped';
    if (this.#failure || this.#draining || some('draining')) return 'draining';
    return some('starting') || !some('running') ? 'starting' : 'running';
  }

  /** The weakest of what the branches promise. */
  get guarantee(): Guarantee {
    return this.#promise.delivery;
  }

  /** How it is doing, now. */
  report(): RoutedReport {
    const branches = Object.fromEntries([...this.branches].map(([name, branch]) => [name, branch.report()]));
    return { state: this.state, guarantee: this.guarantee, promise: this.#promise, branches };
  }

  /**
   * Runs until the source ends, or `drain` is called, or `signal` is aborted (which drains).
   *
   * @throws ComponentError what failed a branch; `PIPELINE_STATE` when it was run before.
   */
  run(signal?: AbortSignal): Promise<void> {
    if (this.#run !== undefined || this.#draining !== undefined) {
      return Promise.reject(new ComponentError('PIPELINE_STATE', `pipeline ${this.name} is ${this.state}`));
    }
    const drain = () => void this.drain();
    this.#run = this.#runBranches().finally(() => signal?.removeEventListener('abort', drain));
    this.#run.catch(() => 'heard of by the caller');
    signal?.addEventListener('abort', drain);
    if (signal?.aborted) drain();
    return this.#run;
  }

  /** Drains all branches at once. */
  drain(options: { readonly timeoutMs?: number } = {}): Promise<RoutedDrainReport> {
    this.#draining ??= this.#drain(options);
    return this.#draining;
  }

  /** Resolves once every branch has settled what was there when it was called. */
  async caughtUp(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await Promise.all([...this.branches.values()].map((branch) => branch.caughtUp(options)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  get #promise(): PipelinePromise {
    return promiseOfAll(new Map([...this.branches].map(([name, { plan }]) => [name, plan.promise])));
  }

  async #runBranches(): Promise<void> {
    const runs = [...this.branches].map(async ([name, branch]) => {
      try {
        await branch.run();
      } catch (error) {
        this.#failure ??= { error };
        void this.#drainBranches({});
      } finally {
        this.left(name);
      }
    });
    await Promise.all(runs);
    this.#over = true;
    if (this.#failure) throw this.#failure.error;
  }

  async #drain(options: { readonly timeoutMs?: number }): Promise<RoutedDrainReport> {
    const started = performance.now();
    const branches = await this.#drainBranches(options);
    // A failure was told to whoever called `run`.
    await this.#run?.catch(() => 'told there');
    const reports = Object.values(branches);
    const givenUp = new Map<Lane, number>();
    for (const report of reports) {
      for (const [lane, events] of report.givenUp) givenUp.set(lane, Math.max(events, givenUp.get(lane) ?? 0));
    }
    const tookMs = Math.round(performance.now() - started);
    return { complete: reports.every(({ complete }) => complete), givenUp, tookMs, branches };
  }

  async #drainBranches(options: { readonly timeoutMs?: number }): Promise<Record<string, DrainReport>> {
    const drained = [...this.branches].map(async ([name, branch]) => [name, await branch.drain(options)] as const);
    return Object.fromEntries(await Promise.all(drained));
  }
}
