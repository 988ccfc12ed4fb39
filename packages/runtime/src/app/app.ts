import { ComponentError, isComponentError } from '@sluice/contracts';
import { withoutPasswords } from '../config/secrets.js';
import { type AppHealth, type AppState, appHealth, healthPages } from '../health/app-health.js';
import { type HealthHandler, healthHandler } from '../health/health-handler.js';
import { type HealthServer, startHealthServer } from '../health/health-server.js';
import { tellApp } from '../pipeline/notices.js';
import { causeOf } from '../retry/failure-class.js';
import { within } from '../retry/within.js';
import { type AppOptions, type AppPlan, appPlan } from './app-options.js';
import { type AppReport, givenUpText, reportOf } from './app-report.js';
import { OrderedParts } from './ordered-parts.js';
import type { Part } from './part.js';
import { onSignals } from './signals.js';

/**
 * Several pipelines, and what they need, as one: started in order, stopped in reverse, drained on SIGTERM and SIGINT.
 *
 * - It ends at a signal, when `stop` is called, when a part fails, or when every pipeline has read its source to the end.
 * - The parts that are started are stopped whatever ends it, also a start that failed, within `drainTimeoutMs`.
 * - It listens to signals while it runs, and never ends the process: see {@link runMain}.
 *
 * @throws ComponentError `OPTIONS_INVALID`, naming the option.
 */
export function app(options: AppOptions): App {
  return new App(appPlan(options));
}

/** Made by {@link app}. */
export class App implements AsyncDisposable {
  #state: AppState = 'idle';
  #server: HealthServer | undefined;
  #failure: ComponentError | undefined;
  #ran: Promise<AppReport> | undefined;
  #reason: AppReport['reason'] = 'stop';
  readonly #parts: OrderedParts;
  /** Pipelines whose source has not ended. */
  readonly #reading: Set<Part>;
  readonly #stop = new AbortController();
  readonly #forced = new AbortController();
  /** The pages `/live` and `/ready`, to be mounted where you like. */
  readonly handler: HealthHandler;

  /** @internal Made by `app(...)`. */
  constructor(private readonly plan: AppPlan) {
    this.#parts = new OrderedParts(plan.groups);
    this.#reading = new Set(this.#parts.all.filter(({ pipeline }) => pipeline !== undefined));
    this.handler = healthHandler(healthPages(plan.name, () => this.health()));
  }

  get name(): string {
    return this.plan.name;
  }

  get state(): AppState {
    return this.#state;
  }

  /** Where its own server serves the health pages, without a path; undefined when it has none, or does not listen. */
  get healthUrl(): string | undefined {
    return this.#server?.url;
  }

  /** How it is doing, now: what `/live` and `/ready` are made of. */
  health(): AppHealth {
    return appHealth(this.#state, this.#parts.all, this.plan);
  }

  /**
   * Starts all parts and runs until it is stopped; resolves with what became of them.
   *
   * @throws ComponentError `APP_PART_FAILED` when a part failed, once all are stopped; `APP_STATE` when it was run before.
   */
  async run(): Promise<AppReport> {
    if (this.#ran !== undefined) throw new ComponentError('APP_STATE', `app ${this.name} is ${this.#state}`);
    this.#ran = this.#run();
    const report = await this.#ran;
    if (this.#failure) throw this.#failure;
    return report;
  }

  /** Stops it, and answers with what became of its parts; also after it has ended, and when it failed. */
  stop(): Promise<AppReport> {
    this.#end('stop');
    this.#ran ??= this.#run();
    return this.#ran;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<AppReport> {
    const ended = aborted(this.#stop.signal);
    const ignore = onSignals(this.plan.signals, (signal) => {
      if (this.#stop.signal.aborted) this.#forced.abort();
      else this.#end(signal);
    });
    try {
      if (!this.#stop.signal.aborted) await Promise.race([this.#start(), ended]);
      if (!this.#stop.signal.aborted) this.#state = 'running';
      await ended;
      return await this.#stopParts();
    } finally {
      ignore();
    }
  }

  async #start(): Promise<void> {
    const { health, startTimeoutMs } = this.plan;
    this.#state = 'starting';
    try {
      if (health.port !== undefined) this.#server = await startHealthServer(this.handler, health.host, health.port);
    } catch (error) {
      return this.#fail(partFailed('health', error));
    }
    const starting = this.#parts.start(this.#stop.signal, {
      started: (part) => this.#watch(part),
      failed: (part, error) => this.#fail(partFailed(part.name, error, part.pipeline)),
    });
    if ((await within(starting, startTimeoutMs)) !== undefined) return;
    const late = this.#parts.starting.join(', ');
    const error = new ComponentError('APP_START_TIMEOUT', `${late}: not started in ${startTimeoutMs} ms`, {
      details: { parts: this.#parts.starting, startTimeoutMs },
    });
    this.#fail(partFailed(late, error));
  }

  #watch(part: Part): void {
    part.ended().then(
      () => {
        if (this.#reading.delete(part) && this.#reading.size === 0) this.#end('ended');
      },
      (error: unknown) => this.#fail(partFailed(part.name, error, part.pipeline)),
    );
  }

  #fail(failure: ComponentError): void {
    // What fails while all is being stopped shows in the report.
    if (this.#stop.signal.aborted) return;
    this.#failure = failure;
    this.#end('failed');
  }

  #end(reason: AppReport['reason']): void {
    if (this.#stop.signal.aborted) return;
    this.#reason = reason;
    this.#stop.abort();
  }

  async #stopParts(): Promise<AppReport> {
    this.#state = 'draining';
    const started = performance.now();
    await Promise.race([this.#parts.stop(this.plan.drainTimeoutMs), aborted(this.#forced.signal)]);
    await this.#server?.close();
    this.#server = undefined;
    const report = reportOf(this.#parts.stopped, {
      reason: this.#reason,
      forced: this.#forced.signal.aborted,
      tookMs: Math.round(performance.now() - started),
    });
    this.#state = this.#failure ? 'failed' : 'stopped';
    const text = givenUpText(report);
    if (text !== undefined) tellApp(this.plan, text, 'APP_GAVE_UP');
    return report;
  }
}

/** The text of a foreign error is told when it is one of a service; that of a pipeline may hold data. */
function partFailed(part: string, error: unknown, pipeline?: object): ComponentError {
  const { code, message } = causeOf(error);
  const text = pipeline === undefined && error instanceof Error ? withoutPasswords(error.message) : message;
  const known = isComponentError(error) ? { retry: error.retry, advice: error.advice } : {};
  return new ComponentError('APP_PART_FAILED', `${part}: ${text}`, { cause: error, details: { part, code }, ...known });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
