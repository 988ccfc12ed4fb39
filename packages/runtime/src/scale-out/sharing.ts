import { ComponentError, isComponentError, type SourceContext } from '@sluice/contracts';
import type { Clock } from './clock.js';

/** How one opening of a source shares with other instances. */
export interface Sharing {
  /** What is shared, for people. */
  readonly name: string;
  /** What the names of its leases begin with. */
  readonly prefix: string;
  /** This opening; unique. */
  readonly owner: string;
  readonly pollMs: number;
  /** How long a lane that is handed over may take to settle. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/** Another instance may have it by now. */
export function leaseLost(name: string): ComponentError {
  return new ComponentError('LEASE_LOST', `the lease of ${name} is not ours any more`, { details: { source: name } });
}

/** Tells that something with a lease went wrong, and is tried again. */
export function failureTold({ name }: Sharing, { notice }: SourceContext): (error: unknown) => void {
  return (error) => {
    const code = isComponentError(error) ? error.code : error instanceof Error ? error.name : 'unknown';
    notice(`${name}: its lease store did not answer as it should (${code}); tried again`);
  };
}
