import { type Assessment, assess, type HealthStatus, type Strand, UNSEEN } from './assess.js';

/** How a pipeline gets on with its work. */
export interface PipelineHealth {
  /**
   * - `idle`: there is nothing to do.
   * - `working`: there is, and it gets done, however slowly.
   * - `stalled`: there is, and nothing gets done for longer than `stallMs`.
   */
  readonly status: HealthStatus;
  /** Of a stall: what does not move, and what it waits for. */
  readonly reason?: string;
  /** For how long nothing gets done, in milliseconds; 0 unless stalled. */
  readonly quietMs: number;
  /** What is tried again, and has got nothing done since. */
  readonly trouble?: { readonly code: string; readonly forMs: number };
}

/** What a watchdog is made of. */
export interface WatchdogParts {
  readonly stallMs: number;
  /** What there is to see now; undefined while nothing is to be judged. */
  readonly see: () => { readonly opening: boolean; readonly strands: readonly Strand[] } | undefined;
  /** Called once when a stall begins, and once when it ends. */
  readonly told: (message: string, code?: string) => void;
}

/** How often it looks, in milliseconds, where stalls are no matter of seconds. */
const LOOK_MS = 5_000;

/**
 * Looks at a pipeline every few seconds, and says when something is to be done and nothing gets done: a silent stall. Times
 * are of the monotonic clock; the wall clock may jump.
 */
export class Watchdog {
  #known: Assessment = UNSEEN;
  #timer: NodeJS.Timeout | undefined;
  #trouble: Trouble | undefined;
  #outage: Trouble | undefined;

  constructor(private readonly parts: WatchdogParts) {}

  /** Looks from now on. Keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.#look(), Math.max(1, Math.min(LOOK_MS, this.parts.stallMs / 8)));
    this.#timer.unref();
  }

  /** Ends: what no longer means to run is not stalled. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#known = UNSEEN;
    this.#trouble = undefined;
    this.#outage = undefined;
  }

  /** Something failed and is tried again. */
  troubled(code: string): void {
    this.#trouble = { code, sinceMs: this.#trouble?.sinceMs ?? performance.now() };
  }

  /** The source can't read, and tries by itself: trouble even where there is nothing to do. Undefined: it reads again. */
  outage(code: string | undefined): void {
    this.#outage = code === undefined ? undefined : { code, sinceMs: this.#outage?.sinceMs ?? performance.now() };
  }

  /** As of now. */
  get health(): PipelineHealth {
    this.#look();
    const { status, reason, quietMs } = this.#known;
    const known = this.#outage ?? this.#trouble;
    const trouble = known && { code: known.code, forMs: Math.round(performance.now() - known.sinceMs) };
    return {
      status,
      quietMs: Math.round(quietMs),
      ...(reason === undefined ? {} : { reason }),
      ...(trouble === undefined ? {} : { trouble }),
    };
  }

  #look(): void {
    const seen = this.parts.see();
    if (seen === undefined) return;
    const before = this.#known;
    const now = assess(before, { ...seen, atMs: performance.now() }, this.parts.stallMs);
    this.#known = now;
    if (now.status === 'idle' || moved(before, now)) this.#trouble = undefined;
    const was = before.status === 'stalled';
    if (now.status === 'stalled' && !was) {
      this.parts.told(`nothing gets done for ${seconds(now.quietMs)} s: ${now.reason}`, 'PIPELINE_STALLED');
    }
    if (now.status !== 'stalled' && was) this.parts.told(`it moves again (it stood still: ${before.reason})`);
  }
}

/** Whether anything got done between the two. */
function moved(before: Assessment, now: Assessment): boolean {
  for (const [name, { done }] of now.watched) {
    const known = before.watched.get(name);
    if (name.startsWith('lane ') && known !== undefined && done > known.done) return true;
  }
  return false;
}

interface Trouble {
  readonly code: string;
  readonly sinceMs: number;
}

const seconds = (ms: number) => Math.round(ms / 100) / 10;
