import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import type { Notice } from '../pipeline/plan.js';
import { type AppPart, type Part, partOf } from './part.js';

/** The pages `/live` and `/ready`. */
export interface HealthOptions {
  /** Serves them on a small server of their own; 0 for any port that is free. Default: none, mount `app.handler` yourself. */
  readonly port?: number;
  /** Where that server listens. Default: 127.0.0.1; in a container, 0.0.0.0. */
  readonly host?: string;
  /** How long a pipeline may try something again in vain before `/ready` says no, in milliseconds. Default: 5,000. */
  readonly graceMs?: number;
  /** How long a pipeline may be stalled before `/live` says no, in milliseconds. Default: 300,000. */
  readonly stuckMs?: number;
}

/** What an app is made of. */
export interface AppOptions {
  /** For notices and the health pages. Default: `app`. */
  readonly name?: string;
  /**
   * In the order in which they start; they stop in reverse. The parts of an inner array start and stop side by side. What
   * others use comes first: `[pool, [orders, search], server]`.
   */
  readonly parts: readonly (AppPart | readonly AppPart[])[];
  /** How long stopping may take altogether, in milliseconds. Default: 25,000. */
  readonly drainTimeoutMs?: number;
  /** How long all parts together may take to start, in milliseconds. Default: 120,000. */
  readonly startTimeoutMs?: number;
  /** Signals that stop it; a second one ends the waiting. Default: SIGTERM and SIGINT; an empty array for none. */
  readonly signals?: readonly NodeJS.Signals[];
  readonly health?: HealthOptions;
  /** Told once when something was given up. Default: a Node process warning. */
  readonly notice?: (notice: Notice) => void;
}

/** The options, checked, with the defaults filled in. */
export interface AppPlan {
  readonly name: string;
  readonly groups: readonly (readonly Part[])[];
  readonly drainTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly health: Required<Omit<HealthOptions, 'port'>> & { readonly port: number | undefined };
  readonly notice: AppOptions['notice'];
}

/** Throws `OPTIONS_INVALID`, naming the option. */
export function appPlan(options: AppOptions): AppPlan {
  const known = ['name', 'parts', 'drainTimeoutMs', 'startTimeoutMs', 'signals', 'health', 'notice'];
  refuseUnknownOptions('app', options, known);
  const { name = 'app', parts, health = {}, signals = ['SIGTERM', 'SIGINT'], notice } = options;
  refuseUnknownOptions('health', health, ['port', 'host', 'graceMs', 'stuckMs']);
  if (!Array.isArray(parts) || parts.flat().length === 0) invalid('`parts`: an array of at least one part');
  const groups = parts.map((group) => (Array.isArray(group) ? group : [group]).map(partOf));
  const names = groups.flat().map((part) => part.name);
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice !== undefined) invalid(`\`parts\`: there are two of the name ${twice}`);
  const { port, host = '127.0.0.1' } = health;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    invalid('`health.port`: a whole number from 0 to 65535');
  }
  return {
    name,
    groups,
    signals,
    notice,
    drainTimeoutMs: least(0, 'drainTimeoutMs', options.drainTimeoutMs ?? 25_000),
    startTimeoutMs: least(1, 'startTimeoutMs', options.startTimeoutMs ?? 120_000),
    health: {
      port,
      host,
      graceMs: least(0, 'health.graceMs', health.graceMs ?? 5_000),
      stuckMs: least(1, 'health.stuckMs', health.stuckMs ?? 300_000),
    },
  };
}

function least(smallest: number, option: string, value: number): number {
  if (Number.isFinite(value) && value >= smallest) return value;
  return invalid(`\`${option}\` must be a finite number of at least ${smallest}`);
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', message);
}
