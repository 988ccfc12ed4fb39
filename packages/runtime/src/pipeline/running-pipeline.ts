import { hostname } from 'node:os';
import {
  ComponentError,
  type DrainReport,
  isComponentError,
  type Lane,
  type Pipeline,
  type PipelineState,
  type Position,
} from '@sluice/contracts';
import type { StageReport } from '../custody/custody.js';
import { PipelineDeadLetters } from '../dead-letters/pipeline-dead-letters.js';
import type { Guarantee } from '../guarantee/guarantee.js';
import type { PipelinePromise } from '../guarantee/pipeline-promise.js';
import { causeOf, retryClass } from '../retry/failure-class.js';
import { backoffMs, pause } from '../retry/retry-policy.js';
import { within } from '../retry/within.js';
import { isSessionEnded } from '../route/session-ended.js';
import { isOvertaken } from '../scale-out/overtaken.js';
import type { BreakerReport, CircuitBreaker } from '../sink/circuit-breaker.js';
import { type PipelineTelemetry, startTelemetry } from '../telemetry/pipeline-telemetry.js';
import { tellGeneration } from '../telemetry/tell-generation.js';
import type { Strand } from '../watchdog/assess.js';
import { type PipelineHealth, Watchdog } from '../watchdog/watchdog.js';
import { hasReached, headOf } from './caught-up.js';
import type { Counters } from './counters.js';
import { breakerOf, tellSkipped } from './failure-notices.js';
import { Generation } from './generation.js';
import { tell } from './notices.js';
import type { Plan } from './plan.js';

/** Openings in a row that an error of unknown kind may spoil before the pipeline fails for good. */
const MAX_BLIND_RESTARTS = 8;

/** How long a drain waits, at the least, for a source or a sink that is just being opened, in milliseconds. */
const OPENING_MS = 1_000;

/** How a pipeline is doing. */
export interface PipelineReport {
  readonly state: PipelineState;
  readonly guarantee: Guarantee;
  /** What it promises, and why. */
  readonly promise: PipelinePromise;
  readonly counters: Readonly<Counters>;
  /** What is in flight, against the budget. */
  readonly credits: {
    readonly bytes: number;
    readonly maxBytes: number;
    readonly batches: number;
    readonly maxBatches: number;
  };
  /** Deliveries that each stage holds, the sink last. */
  readonly stages: readonly StageReport[];
  /** Source batches that are not behind the settled prefix. */
  readonly unsettled: number;
  /** Why it waits on purpose while it is `starting`: another instance reads the source. */
  readonly standby?: string;
  /** Whether it gets done what there is to do. */
  readonly health: PipelineHealth;
  /** How the circuit breaker of the sink stands, where there is one. */
  readonly breaker?: BreakerReport;
  /** What was last tried again, or what failed the pipeline. */
  readonly lastError?: { readonly code: string; readonly message: string; readonly advice: string };
}

/**
 * A pipeline that was composed with `pipeline(...)`.
 *
 * An error whose retry class is `operator` or `never` fails it: `run` rejects. After any other one the source and the sink
 * are opened anew from the checkpoint, with backoff; the reason is given to `notice`.
 */
export class RunningPipeline implements Pipeline {
  #state: PipelineState = 'idle';
  #generation: Generation | undefined;
  #lastError: PipelineReport['lastError'];
  #draining: Promise<DrainReport> | undefined;
  #run: Promise<void> | undefined;
  /** Whether the source ended and all of it is settled. */
  #ended = false;
  readonly #stop = new AbortController();
  /** Kept when a drain no longer waits for an opening. */
  readonly #left = gate();
  readonly #watchdog: Watchdog;
  /** Why the source waits on purpose, while it does. */
  #standby: string | undefined;
  /** The last opening that the watchdog found open; one that breaks at once counts as none. */
  #opened = 0;
  readonly #counters: Counters = {
    received: 0,
    written: 0,
    deadLetters: 0,
    replayed: 0,
    skipped: 0,
    retries: 0,
    generations: 0,
  };
  readonly #breaker: CircuitBreaker | undefined;
  #telemetry: PipelineTelemetry | undefined;
  readonly #owner = `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2, 10)}`;

  /** @internal Made by `pipeline(...).to(...)`. */
  constructor(/** @internal */ readonly plan: Plan) {
    this.#breaker = breakerOf(plan);
    this.#watchdog = new Watchdog({
      stallMs: plan.options.stallMs,
      see: () => this.#see(),
      told: (message, code) => tell(plan, message, code),
    });
  }

  get name(): string {
    return this.plan.name;
  }

  get state(): PipelineState {
    return this.#state;
  }

  /** What the pipeline promises, computed from its source and its sink; `report().promise` says more. */
  get guarantee(): Guarantee {
    return this.plan.promise.delivery;
  }

  /**
   * The dead letters of this pipeline and its sink.
   *
   * @throws ComponentError `OPTIONS_INVALID` when it has no store of them.
   */
  get deadLetters(): PipelineDeadLetters {
    return new PipelineDeadLetters(this.plan, this.#owner, () => this.#generation?.lookForReplays());
  }

  /** How it is doing, now. */
  report(): PipelineReport {
    const { credits, promise } = this.plan;
    const running = this.#generation?.report();
    return {
      state: this.#state,
      guarantee: promise.delivery,
      promise,
      counters: { ...this.#counters },
      credits: {
        bytes: running?.credits.bytes ?? 0,
        maxBytes: credits.bytes,
        batches: running?.credits.batches ?? 0,
        maxBatches: credits.batches,
      },
      stages: running?.stages ?? [],
      unsettled: running?.unsettled ?? 0,
      health: this.#watchdog.health,
      ...(this.#standby ? { standby: this.#standby } : {}),
      ...(this.#breaker ? { breaker: this.#breaker.report() } : {}),
      ...(this.#lastError ? { lastError: this.#lastError } : {}),
    };
  }

  /**
   * Runs until the source ends, or `drain` is called, or `signal` is aborted (which drains).
   *
   * @throws ComponentError what failed it; `PIPELINE_STATE` when it was run before.
   */
  run(signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'idle') {
      return Promise.reject(new ComponentError('PIPELINE_STATE', `pipeline ${this.name} is ${this.#state}`));
    }
    this.#state = 'starting';
    this.#watchdog.start();
    this.#telemetry = startTelemetry(this.plan, this, () => this.#generation);
    const drain = () => void this.drain();
    signal?.addEventListener('abort', drain);
    this.#run = this.#runOn().finally(() => {
      this.#watchdog.stop();
      this.#telemetry?.end(this.#state);
      signal?.removeEventListener('abort', drain);
    });
    // Whoever started it hears of a failure from what is returned; `drain` only waits for the end.
    this.#run.catch(() => 'heard of by the caller');
    if (signal?.aborted) drain();
    return this.#run;
  }

  drain({ timeoutMs = this.plan.options.drainTimeoutMs } = {}): Promise<DrainReport> {
    this.#draining ??= this.#drain(timeoutMs);
    return this.#draining;
  }

  async caughtUp({ timeoutMs = 30_000 } = {}): Promise<void> {
    const called = performance.now();
    const deadline = called + timeoutMs;
    let head: ReadonlyMap<Lane, Position> | undefined;
    let generation: Generation | undefined;
    while (performance.now() < deadline) {
      if (this.#ended) return;
      if (this.#state === 'failed') await this.#run;
      generation = this.#generation ?? generation;
      if (this.#state === 'running' && generation) head ??= await headOf(generation, deadline);
      if (generation && head && hasReached(generation, head, this.plan.source.features.ack, called)) return;
      if (this.#state === 'stopped') break;
      await pause(5, this.#stop.signal.aborted ? new AbortController().signal : this.#stop.signal);
    }
    const { lastError } = this.report();
    throw new ComponentError('PIPELINE_NOT_CAUGHT_UP', `pipeline ${this.name} has not caught up in ${timeoutMs} ms`, {
      details: {
        state: this.#state,
        timeoutMs,
        unsettled: this.report().unsettled,
        lastError: lastError?.code ?? null,
        ...Object.fromEntries([...(head ?? [])].map(([lane, position]) => [`head ${lane}`, position.resume])),
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #runOn(): Promise<void> {
    let blind = 0;
    for (let attempt = 1; ; attempt++) {
      const before = settledBy(this.#counters);
      try {
        await this.#runGeneration();
        this.#ended = this.#draining === undefined;
        this.#state = 'stopped';
        return;
      } catch (error) {
        if (this.#draining !== undefined) {
          this.#state = 'stopped';
          return;
        }
        const progressed = settledBy(this.#counters) > before;
        if (progressed) attempt = 1;
        blind = progressed || isInfrastructure(error) ? 0 : blind + 1;
        const overtaken = isOvertaken(error, this.plan.source.features);
        const hopeless = !overtaken && (retryClass(error) === 'operator' || retryClass(error) === 'never');
        this.#noteError(error);
        if (hopeless || blind > MAX_BLIND_RESTARTS) {
          this.#state = 'failed';
          throw error;
        }
        this.#state = 'starting';
        this.#retried(error, attempt);
        await pause(backoffMs(this.plan.retry, attempt), this.#stop.signal);
      }
    }
  }

  async #runGeneration(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#state = 'starting';
    this.#counters.generations += 1;
    const over = new AbortController();
    const opening = Generation.open(
      this.plan,
      {
        owner: this.#owner,
        counters: this.#counters,
        retried: (error, attempt) => this.#retried(error, attempt),
        notice: (message) => tell(this.plan, message, undefined),
        standby: (reason) => {
          this.#standby = reason;
        },
        trouble: (error) => {
          if (error) this.#noteError(error);
          this.#watchdog.outage(error?.code);
        },
        skipped: (before, total) => tellSkipped(this.plan, before, total),
        breaker: this.#breaker,
        measured: this.#telemetry?.measurements,
      },
      AbortSignal.any([this.#stop.signal, over.signal]),
    );
    try {
      await this.#serve(opening);
    } finally {
      this.#standby = undefined;
      this.#watchdog.outage(undefined);
      over.abort();
    }
  }

  async #serve(opening: Promise<Generation>): Promise<void> {
    const generation = await Promise.race([opening, this.#left.promise]);
    if (generation === undefined) {
      // It opens for ever, and nobody waits; should it open after all, it is closed.
      opening.then(
        (late) => late.close(),
        () => 'nobody waits',
      );
      return;
    }
    this.#generation = generation;
    tellGeneration(this.plan, this.#counters.generations, 'opened');
    if (!this.#stop.signal.aborted) this.#state = 'running';
    try {
      // A drain that came while it was being opened found nothing to drain.
      if (!this.#stop.signal.aborted) await generation.finished;
    } finally {
      await generation.close();
      if (this.#generation === generation) this.#generation = undefined;
      tellGeneration(this.plan, this.#counters.generations, 'closed', generation.failure);
    }
  }

  async #drain(timeoutMs: number): Promise<DrainReport> {
    const started = performance.now();
    let givenUp: ReadonlyMap<Lane, number> = new Map();
    if (this.#state === 'idle') this.#state = 'stopped';
    if (this.#state === 'starting' || this.#state === 'running') {
      const generation = this.#generation;
      this.#state = 'draining';
      this.#breaker?.release();
      if (generation) givenUp = await generation.drain(timeoutMs);
      this.#telemetry?.measurements.gaveUp(givenUp);
      this.#stop.abort();
    }
    // A failure was told to whoever called `run`.
    const ended = this.#run?.catch(() => 'told there');
    if (ended) await within(ended, Math.max(OPENING_MS, started + timeoutMs - performance.now()));
    this.#left.resolve();
    await ended;
    return { complete: givenUp.size === 0, givenUp, tookMs: Math.round(performance.now() - started) };
  }

  /** What there is to see of it now; nothing while it does not mean to run. */
  #see(): { opening: boolean; strands: readonly Strand[] } | undefined {
    if (this.#state !== 'starting' && this.#state !== 'running') return undefined;
    const opening = this.#state === 'starting';
    if (!opening) this.#opened = this.#counters.generations;
    const waits = opening && this.#standby === undefined ? 'the source and the sink are not open' : undefined;
    const strands = opening ? [] : (this.#generation?.strands.look() ?? []);
    return { opening, strands: [{ name: 'opening', done: this.#opened, waits }, ...strands] };
  }

  #retried(error: unknown, attempt: number): void {
    if (isSessionEnded(error)) return;
    this.#counters.retries += 1;
    this.#noteError(error);
    const { code, message } = causeOf(error);
    this.#watchdog.troubled(code);
    this.#telemetry?.measurements.retried(code);
    const more = attempt > 0 ? ` (try ${attempt}, will try again)` : '';
    tell(this.plan, `${message}${more}`, code, Math.max(1, attempt));
  }

  #noteError(error: unknown): void {
    if (isSessionEnded(error)) return;
    this.#lastError = { ...causeOf(error), advice: isComponentError(error) ? error.advice : '' };
  }
}

/** Events that are done with, one way or the other. */
function settledBy({ written, deadLetters, skipped }: Counters): number {
  return written + deadLetters + skipped;
}

/** A promise that `resolve` keeps. */
function gate(): { readonly promise: Promise<undefined>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<undefined>((keep) => {
    resolve = () => keep(undefined);
  });
  return { promise, resolve };
}

function isInfrastructure(error: unknown): boolean {
  return isComponentError(error) && !error.code.startsWith('PIPELINE_');
}
