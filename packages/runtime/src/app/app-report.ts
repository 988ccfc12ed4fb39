import type { Lane } from '@sluice/contracts';
import { causeOf } from '../retry/failure-class.js';
import type { Stopped } from './ordered-parts.js';

/** What became of one pipeline when the app stopped. */
export interface PipelineEnd {
  readonly name: string;
  /**
   * - `settled`: everything in flight was settled and stored.
   * - `gave-up`: what `givenUp` has was not; it is delivered again at the next start.
   * - `failed`: it had failed before, or while it was drained.
   * - `late`: it was not closed when the app ended.
   */
  readonly outcome: 'settled' | 'gave-up' | 'failed' | 'late';
  /** Events in flight that were not settled, by lane. */
  readonly givenUp: ReadonlyMap<Lane, number>;
}

/** How an app ended. */
export interface AppReport {
  /** `ended`: every pipeline had read its source to the end. */
  readonly reason: 'stop' | 'ended' | 'failed' | NodeJS.Signals;
  /** Whether all pipelines settled what was in flight, and all parts stopped, within the deadline. */
  readonly complete: boolean;
  /** Whether a second signal cut it short. */
  readonly forced: boolean;
  readonly tookMs: number;
  /** Those that were started, the last one first. */
  readonly pipelines: readonly PipelineEnd[];
  /** Other parts that did not stop in time (`APP_STOP_TIMEOUT`), or failed to. */
  readonly unstopped: readonly { readonly name: string; readonly code: string }[];
}

/** What became of all parts that were told to stop. */
export function reportOf(stopped: readonly Stopped[], how: Pick<AppReport, 'reason' | 'forced' | 'tookMs'>): AppReport {
  const pipelines = stopped.flatMap((one) => (one.part.pipeline ? [endOf(one)] : []));
  const unstopped = stopped.flatMap((one) =>
    one.part.pipeline || one.outcome === 'stopped' ? [] : [{ name: one.part.name, code: codeOf(one) }],
  );
  const complete = unstopped.length === 0 && pipelines.every(({ outcome }) => outcome === 'settled');
  return { ...how, complete, pipelines, unstopped };
}

/** What was given up, in words; undefined when nothing was. */
export function givenUpText({ forced, tookMs, pipelines, unstopped }: AppReport): string | undefined {
  const lost = pipelines.flatMap(({ name, outcome, givenUp }) => {
    if (outcome === 'late') return [`${name} was not closed`];
    return [...givenUp].map(([lane, events]) => `${events} events of ${name}, lane ${lane}`);
  });
  const stuck = unstopped.map(({ name, code }) => `${name} did not stop (${code})`);
  const all = [...lost, ...stuck];
  if (all.length === 0) return undefined;
  return `given up ${forced ? 'at a second signal' : `after ${tookMs} ms`}: ${all.join('; ')}`;
}

const NONE: ReadonlyMap<Lane, number> = new Map();

function endOf(stopped: Stopped): PipelineEnd {
  const { name, pipeline } = stopped.part;
  if (stopped.outcome === 'late') return { name, outcome: 'late', givenUp: NONE };
  const givenUp = stopped.outcome === 'stopped' ? (stopped.drained?.givenUp ?? NONE) : NONE;
  if (stopped.outcome === 'failed' || pipeline?.state === 'failed') return { name, outcome: 'failed', givenUp };
  return { name, outcome: givenUp.size === 0 ? 'settled' : 'gave-up', givenUp };
}

function codeOf(stopped: Stopped): string {
  return stopped.outcome === 'failed' ? causeOf(stopped.error).code : 'APP_STOP_TIMEOUT';
}
