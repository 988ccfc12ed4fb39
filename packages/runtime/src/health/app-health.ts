import type { AppPlan } from '../app/app-options.js';
import type { Part } from '../app/part.js';
import { type Condition, conditionsOf, isBeyondRepair, type ReportLike } from './conditions.js';
import type { HealthPages } from './health-handler.js';

/** `idle → starting → running → draining → stopped | failed`. */
export type AppState = 'idle' | 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** How an app is doing. */
export interface AppHealth {
  /** Whether the process may go on; when not, only a new one may help. */
  readonly live: boolean;
  /** Whether it does its work, all of it. */
  readonly ready: boolean;
  readonly state: AppState;
  /** What keeps it from its work. */
  readonly reasons: readonly Condition[];
  readonly pipelines: Readonly<Record<string, PipelineSummary>>;
}

/** A pipeline on the health pages. */
export interface PipelineSummary {
  readonly state: string;
  readonly health?: string;
  /** Why it waits on purpose: another instance reads its source. */
  readonly standby?: string;
  /** What was last tried again, or what failed it. */
  readonly lastError?: { readonly code: string; readonly advice: string };
}

/** How it is doing, now. Never a row value, a secret or the text of a foreign error. */
export function appHealth(
  state: AppState,
  parts: readonly Part[],
  { name, health }: Pick<AppPlan, 'name' | 'health'>,
): AppHealth {
  const reports = parts.flatMap((part) => (part.pipeline ? [[part.name, reportOf(part)] as const] : []));
  const own: Condition[] =
    state === 'running' ? [] : [{ part: name, kind: kindOf(state), text: `the app is ${state}` }];
  const reasons = [
    ...own,
    ...reports.flatMap(([part, report]) => conditionsOf(part, report, health.graceMs)),
    ...parts.flatMap(notReady),
  ];
  return {
    live: state !== 'failed' && !reasons.some((reason) => isBeyondRepair(reason, health.stuckMs)),
    ready: reasons.length === 0,
    state,
    reasons,
    pipelines: Object.fromEntries(reports.flatMap(([part, report]) => summaries(part, report))),
  };
}

/** The two pages over it. */
export function healthPages(name: string, look: () => AppHealth): HealthPages {
  return {
    '/live': () => {
      const { live, state } = look();
      return { ok: live, body: { app: name, live, state } };
    },
    '/ready': () => {
      const { ready, state, reasons, pipelines } = look();
      return { ok: ready, body: { app: name, ready, state, reasons, pipelines } };
    },
  };
}

function kindOf(state: AppState): Condition['kind'] {
  return state === 'idle' || state === 'running' ? 'starting' : state;
}

function reportOf({ pipeline }: Part): ReportLike {
  const report = (pipeline as { report?: () => ReportLike } | undefined)?.report?.();
  return report ?? { state: pipeline?.state ?? 'idle' };
}

function notReady({ name, of }: Part): readonly Condition[] {
  if (!('notReady' in of)) return [];
  let text: unknown;
  try {
    text = of.notReady?.();
  } catch {
    // Its text may be a foreign error's.
    text = 'fails to say whether it is ready';
  }
  return text === undefined ? [] : [{ part: name, kind: 'not-ready', text: String(text) }];
}

function summaries(
  part: string,
  { branches, state, health, standby, lastError }: ReportLike,
): [string, PipelineSummary][] {
  if (branches) return Object.entries(branches).flatMap(([name, branch]) => summaries(`${part}/${name}`, branch));
  const error = lastError && { lastError: { code: lastError.code, advice: lastError.advice } };
  return [[part, { state, ...(health ? { health: health.status } : {}), ...(standby ? { standby } : {}), ...error }]];
}
