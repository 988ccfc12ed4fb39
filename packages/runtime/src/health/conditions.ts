import type { PipelineState } from '@sluice/contracts';
import type { PipelineHealth } from '../watchdog/watchdog.js';

/** Something that keeps a part from doing its work. */
export interface Condition {
  readonly part: string;
  readonly kind: 'starting' | 'draining' | 'stopped' | 'failed' | 'stalled' | 'retrying' | 'breaker-open' | 'not-ready';
  /** For a person. */
  readonly text: string;
  /** The code of the error behind it, and what a person should do. */
  readonly code?: string;
  readonly advice?: string;
  /** How long already, in milliseconds, where that is known. */
  readonly forMs?: number;
}

/** What of a pipeline's report is looked at; a pipeline of another make may have less. */
export interface ReportLike {
  readonly state: PipelineState;
  readonly health?: PipelineHealth;
  /** Why it waits on purpose while it starts. */
  readonly standby?: string;
  readonly lastError?: { readonly code: string; readonly advice: string };
  readonly breaker?: { readonly state: string; readonly retryInMs?: number };
  readonly branches?: Readonly<Record<string, ReportLike>>;
}

/** What keeps a pipeline from its work; none when it is at it, or has ended in peace. Pure. */
export function conditionsOf(part: string, report: ReportLike, graceMs: number): readonly Condition[] {
  if (report.branches !== undefined) {
    return Object.entries(report.branches).flatMap(([name, branch]) =>
      conditionsOf(`${part}/${name}`, branch, graceMs),
    );
  }
  const { state, health, lastError, breaker, standby } = report;
  const found: Condition[] = [];
  const add = (kind: Condition['kind'], text: string, more: Partial<Condition> = {}) =>
    found.push({ part, kind, text, ...more });
  if (state === 'idle') add('starting', 'is not started yet');
  // One that stands by is ready to take over: to call it anything else would keep a new instance from ever replacing an old.
  if (state === 'starting' && standby === undefined) add('starting', 'opens its source and its sink', lastError);
  if (state === 'draining') add('draining', 'settles what is in flight and stops');
  if (state === 'failed') add('failed', 'has failed', lastError);
  if (breaker?.state === 'open') add('breaker-open', 'leaves its sink alone for a while', lastError);
  if (health?.status === 'stalled') {
    add('stalled', health.reason ?? 'gets nothing done', { code: 'PIPELINE_STALLED', forMs: health.quietMs });
  }
  if (health?.trouble && health.trouble.forMs >= graceMs && state === 'running') {
    const { code, forMs } = health.trouble;
    const advice = lastError?.code === code ? { advice: lastError.advice } : {};
    add('retrying', 'tries again and gets nothing done', { code, forMs, ...advice });
  }
  return found;
}

/** Whether only a new process may help: it has failed, or has been stalled for `stuckMs`. */
export function isBeyondRepair({ kind, forMs = 0 }: Condition, stuckMs: number): boolean {
  return kind === 'failed' || (kind === 'stalled' && forMs >= stuckMs);
}
